//! The protocol of objects that were not wrapped explicitly: indexing in Lua reads items if the object has `__getitem__`,
//! otherwise attributes. Asking an object can run any code and is slow where the answer is no; for most objects the type
//! knows.

use std::cell::Cell;
use std::ffi::c_uint;
use std::ptr;

use crate::ffi::lua as ffi;
use crate::ffi::python::*;
use crate::py::Borrowed;

use super::crossing::Locked;

const SIZE: usize = 64;

/// What the type of an object says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Attributes,
    Items,
    /// The object has to be asked, or is no object for Lua.
    Unknown,
}

/// A verdict, for one version of one type.
#[derive(Clone, Copy)]
struct Entry {
    class: *mut PyTypeObject,
    version: c_uint,
    verdict: Verdict,
}

/// The verdicts of the types that were met last.
pub(crate) struct Protocols(Cell<Option<Box<[Entry; SIZE]>>>);

impl Default for Protocols {
    fn default() -> Protocols {
        Protocols(Cell::new(None))
    }
}

impl Protocols {
    fn of(&self, locked: &Locked<'_>, class: *mut PyTypeObject) -> Verdict {
        const EMPTY: Entry = Entry { class: ptr::null_mut(), version: 0, verdict: Verdict::Unknown };
        let mut entries = self.0.take().unwrap_or_else(|| Box::new([EMPTY; SIZE]));
        let entry = &mut entries[(class.addr() >> 5) % SIZE];
        // SAFETY: the type of a live object is alive. Python gives a new version to a type that was changed, and 0 if it has
        // none at the moment.
        let version = unsafe { (*class).tp_version_tag as c_uint };
        let verdict = if entry.class == class && entry.version == version && version != 0 {
            entry.verdict
        } else {
            let verdict = judge(locked, class);
            // SAFETY: as above; looking a name up may have given a version to the type.
            *entry = Entry { class, version: unsafe { (*class).tp_version_tag as c_uint }, verdict };
            verdict
        };
        self.0.set(Some(entries));
        verdict
    }
}

impl Locked<'_> {
    /// The protocol of an object, if its type says it. Runs no code. Nothing for what is no object for Lua, such as an int.
    pub(crate) fn known_protocol(&self, value: Borrowed<'_>) -> Option<c_uint> {
        let class = value.type_ptr();
        // SAFETY: the object is alive; a type keeps its metatype alive.
        let is_class = unsafe { PyType_Check(value.as_ptr()) != 0 && is_getter(class, PyType_Type.tp_getattro) };
        let verdict =
            if is_class { judge_class(self, value.as_ptr().cast()) } else { self.runtime.protocols.of(self, class) };
        match verdict {
            Verdict::Attributes => Some(ffi::LUPA_ATTRIBUTES),
            Verdict::Items => Some(ffi::LUPA_ITEMS),
            Verdict::Unknown => None,
        }
    }
}

/// Does a type read attributes by this function?
///
/// # Safety
/// `class` is a live type.
unsafe fn is_getter(class: *mut PyTypeObject, function: Option<getattrofunc>) -> bool {
    // SAFETY: promised by the caller.
    match (unsafe { (*class).tp_getattro }, function) {
        (Some(getter), Some(function)) => ptr::fn_addr_eq(getter, function),
        _ => false,
    }
}

/// Do the objects of a type have `__getitem__`? (One that a single object has in its `__dict__` is of no use to Python.)
fn judge(locked: &Locked<'_>, class: *mut PyTypeObject) -> Verdict {
    const CONVERTED: std::ffi::c_ulong =
        Py_TPFLAGS_LONG_SUBCLASS | Py_TPFLAGS_UNICODE_SUBCLASS | Py_TPFLAGS_BYTES_SUBCLASS;
    let runtime = locked.runtime;
    // SAFETY: all are live types.
    unsafe {
        let is_a = |base| PyType_IsSubtype(class, base) != 0;
        if PyType_HasFeature(class, CONVERTED) != 0
            || is_a(&raw mut PyFloat_Type)
            || is_a(runtime.types.object)
            || is_a(runtime.shared.protocol_wrapper)
        {
            return Verdict::Unknown;
        }
        if class == &raw mut PyMethod_Type {
            return Verdict::Attributes;
        }
        if !is_getter(class, Some(USUAL_GETATTRO)) {
            return Verdict::Unknown;
        }
        judge_attribute(_PyType_Lookup(class, runtime.types.getitem))
    }
}

/// Likewise for an object that is a class itself: its own attributes and those of its bases count too.
fn judge_class(locked: &Locked<'_>, class: *mut PyTypeObject) -> Verdict {
    let name = locked.runtime.types.getitem;
    // SAFETY: both are live types.
    unsafe {
        match judge_attribute(_PyType_Lookup(class, name)) {
            Verdict::Attributes => judge_attribute(_PyType_Lookup(Py_TYPE(class.cast()), name)),
            other => other,
        }
    }
}

/// What an attribute of a type says; one that computes its value has to be asked.
///
/// # Safety
/// `attribute` is null or alive.
unsafe fn judge_attribute(attribute: *mut PyObject) -> Verdict {
    // SAFETY: promised by the caller.
    unsafe {
        let Some(attribute) = attribute.as_mut() else { return Verdict::Attributes };
        let class = Py_TYPE(attribute);
        let methods = [&raw mut PyFunction_Type, &raw mut PyWrapperDescr_Type, &raw mut PyMethodDescr_Type];
        if methods.contains(&class) || (*class).tp_descr_get.is_none() { Verdict::Items } else { Verdict::Unknown }
    }
}
