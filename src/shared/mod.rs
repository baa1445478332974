//! What all runtime modules share: exceptions, protocol wrappers, named arguments, and the graph of lock waits. The module
//! `lupa._core` owns it; a runtime module reaches it by capsule. Both sides are compiled from this folder.

#[cfg(all(feature = "core", target_os = "linux", target_env = "gnu"))]
mod alarm;
mod keeper;
#[cfg(feature = "core")]
mod module;
#[cfg(feature = "core")]
mod waits;
#[cfg(feature = "core")]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), path = "no_watch.rs")]
mod watch;

use std::ffi::{c_int, c_uint, c_ulong, c_void};
use std::sync::atomic::{AtomicPtr, AtomicUsize};

use crate::ffi::python::{PyObject, PyTypeObject};

pub(crate) use keeper::Keeper;

#[cfg(not(feature = "core"))]
use crate::py::{Borrowed, Gil, Owned, Raised, call};

/// The thread that owns a lock, as `PyThread_get_thread_ident` names it; 0 while nobody does.
pub(crate) type Owner = AtomicUsize;

/// `lua_type(object)`: the name of its Lua type, a constant string.
pub(crate) type LuaTypeOf = unsafe extern "C" fn(*mut PyObject) -> *mut PyObject;

/// Positional and named arguments from a Lua table: a new tuple and a new dict. 0, or -1 with an exception set.
pub(crate) type UnpackTable = unsafe extern "C" fn(*mut PyObject, *mut *mut PyObject, *mut *mut PyObject) -> c_int;

/// What a runtime module tells about its wrappers.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Flavour {
    /// The base type of its wrappers.
    pub(crate) object: *mut PyTypeObject,
    /// The type of its tables.
    pub(crate) table: *mut PyTypeObject,
    pub(crate) lua_type: LuaTypeOf,
    pub(crate) unpack_table: UnpackTable,
}

/// Names of attributes of exceptions, as interned `str` objects.
#[repr(C)]
pub(crate) struct Names {
    pub(crate) value: *mut PyObject,
    pub(crate) traceback: *mut PyObject,
    /// Where a Python exception carries the Lua traceback of where it left Lua first.
    pub(crate) lua_traceback: *mut PyObject,
    /// The notes of an exception (PEP 678).
    pub(crate) notes: *mut PyObject,
}

/// The content of the capsule. All pointers live as long as the interpreter.
#[repr(C)]
pub(crate) struct Shared {
    /// Size of this struct: modules of different builds do not mix.
    pub(crate) size: usize,
    pub(crate) lua_error: *mut PyObject,
    pub(crate) lua_syntax_error: *mut PyObject,
    pub(crate) lua_memory_error: *mut PyObject,
    pub(crate) protocol_wrapper: *mut PyTypeObject,
    pub(crate) arguments: *mut PyTypeObject,
    pub(crate) names: Names,
    /// The module object `lupa._core`.
    pub(crate) module: *mut PyObject,
    /// Makes the wrappers of a runtime module known. Needs the GIL.
    pub(crate) register: unsafe extern "C" fn(*const Shared, *const Flavour),
    /// Announces that a thread is going to wait for a lock; 1 if that could never end, since the owner waits for it.
    pub(crate) wait: unsafe extern "C" fn(*const Shared, c_ulong, *const Owner) -> c_int,
    /// The wait is over.
    pub(crate) wake: unsafe extern "C" fn(*const Shared, c_ulong),
    /// An address that stands for this process: in the child of a fork it is another one.
    pub(crate) process: *const AtomicPtr<c_void>,
    /// Has a thread lived on in all forks since the process was the given one? 1 or 0.
    pub(crate) survived: unsafe extern "C" fn(*const Shared, c_ulong, *const c_void) -> c_int,
    /// The period that the watch counts, or 0 where nobody watches (see `keeper.rs`).
    pub(crate) period: *const AtomicUsize,
    /// Asks the watch whether a thread may keep the GIL in this period. Needs the GIL.
    pub(crate) ask: unsafe extern "C" fn(*const Shared, *const Keeper, usize),
    /// Waits for a signal of the watch that is under way.
    pub(crate) settle: unsafe extern "C" fn(*const Keeper),
    /// Tells the watch that a thread has waited for the GIL, or waits for it.
    pub(crate) note_wait: unsafe extern "C" fn(*const Keeper),
    /// Tells the watch that a keeper is about to go.
    pub(crate) forget: unsafe extern "C" fn(*const Keeper),
    /// The function `sys.getswitchinterval` of this interpreter, or null.
    pub(crate) switch_interval: *mut PyObject,
}

#[cfg(not(feature = "core"))]
impl Shared {
    /// See the field.
    #[inline]
    fn period(&self) -> usize {
        // SAFETY: the pointer is to a static variable.
        unsafe { (*self.period).load(std::sync::atomic::Ordering::Relaxed) }
    }
}

/// An object with the protocol that Lua shall use for it (`as_attrgetter`, `as_itemgetter`).
#[repr(C)]
pub(crate) struct ProtocolWrapper {
    pub(crate) base: PyObject,
    pub(crate) object: *mut PyObject,
    pub(crate) protocol: c_uint,
}

/// Arguments for a Python call that Lua code collected (`python.args`).
#[repr(C)]
pub(crate) struct Arguments {
    pub(crate) base: PyObject,
    /// A tuple.
    pub(crate) positional: *mut PyObject,
    /// A dict.
    pub(crate) named: *mut PyObject,
}

pub(crate) const CAPSULE: &std::ffi::CStr = c"lupa._core._shared";

/// Imports `lupa._core`.
#[cfg(not(feature = "core"))]
pub(crate) fn import(gil: Gil<'_>) -> Result<&'static Shared, Raised> {
    let module = call::import(gil, c"lupa._core")?;
    let capsule = call::attribute(gil, module.borrow(), c"_shared")?;
    // SAFETY: the capsule is checked by its name, and its content by its size; it lives as long as the interpreter.
    unsafe {
        let shared: *const Shared = crate::ffi::python::PyCapsule_GetPointer(capsule.as_ptr(), CAPSULE.as_ptr()).cast();
        if shared.is_null() {
            return Err(Raised::already());
        }
        if (*shared).size != size_of::<Shared>() {
            let message = "lupa._core belongs to another build of lupa than this runtime module";
            return Err(crate::py::error::raise(gil, crate::ffi::python::PyExc_ImportError, message));
        }
        Ok(&*shared)
    }
}

/// A new arguments object.
#[cfg(not(feature = "core"))]
pub(crate) fn new_arguments(gil: Gil<'_>, shared: &Shared, positional: Owned, named: Owned) -> Result<Owned, Raised> {
    // SAFETY: the type is a heap type of ours with this layout.
    unsafe {
        let object = crate::py::types::allocate(gil, shared.arguments)?;
        let arguments: *mut Arguments = object.as_ptr().cast();
        (*arguments).positional = positional.into_ptr();
        (*arguments).named = named.into_ptr();
        Ok(object)
    }
}

/// The arguments object behind `object`, if it is one.
#[cfg(not(feature = "core"))]
pub(crate) fn as_arguments<'a>(shared: &Shared, object: Borrowed<'a>) -> Option<(Borrowed<'a>, Borrowed<'a>)> {
    if object.type_ptr() != shared.arguments {
        return None;
    }
    // SAFETY: the type says what the layout is; both fields are set when the object is made and cleared by the collector
    // only, when nobody can reach it.
    unsafe {
        let arguments: *const Arguments = object.as_ptr().cast();
        Some((Borrowed::from_ptr((*arguments).positional), Borrowed::from_ptr((*arguments).named)))
    }
}
