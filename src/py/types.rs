//! Heap types from specs, methods, and the memory of instances.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr;

use crate::ffi::python::*;

use super::definition::version;
use super::error::raise_no_memory;
use super::{Borrowed, Gil, Owned, Raised, args};

/// What a type is made from. Tables that Python keeps pointers to are leaked: types live as long as the process.
pub(crate) struct TypeSpec {
    pub(crate) name: &'static CStr,
    pub(crate) doc: Option<&'static CStr>,
    pub(crate) size: usize,
    pub(crate) flags: u64,
    pub(crate) slots: Vec<PyType_Slot>,
    pub(crate) methods: Vec<PyMethodDef>,
    pub(crate) members: Vec<PyMemberDef>,
    pub(crate) getters: Vec<PyGetSetDef>,
}

/// One entry of the slot table of a type.
pub(crate) fn slot(id: c_int, function: *mut c_void) -> PyType_Slot {
    PyType_Slot { slot: id, pfunc: function }
}

/// A method that takes its arguments as tuple and dict.
pub(crate) fn method(name: &'static CStr, function: PyCFunctionWithKeywords, doc: &'static CStr) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer { PyCFunctionWithKeywords: function },
        ml_flags: METH_VARARGS | METH_KEYWORDS,
        ml_doc: doc.as_ptr(),
    }
}

/// A method that takes its arguments as a vector: for those that are called often.
pub(crate) fn vector_method(
    name: &'static CStr,
    function: PyCFunctionFastWithKeywords,
    doc: &'static CStr,
) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
        ml_flags: METH_FASTCALL | METH_KEYWORDS,
        ml_doc: doc.as_ptr(),
    }
}

/// A method with one argument (`METH_O`) or none (`METH_NOARGS`).
pub(crate) fn short_method(
    name: &'static CStr,
    flags: c_int,
    function: PyCFunction,
    doc: &'static CStr,
) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer { PyCFunction: function },
        ml_flags: flags,
        ml_doc: doc.as_ptr(),
    }
}

/// A read-only attribute.
pub(crate) fn getter(name: &'static CStr, function: getter, doc: &'static CStr) -> PyGetSetDef {
    PyGetSetDef { name: name.as_ptr(), get: Some(function), set: None, doc: doc.as_ptr(), closure: ptr::null_mut() }
}

/// Tells Python at which offset of the instances a special field lies, such as `__weaklistoffset__`.
pub(crate) fn offset(name: &'static CStr, offset: usize) -> PyMemberDef {
    PyMemberDef {
        name: name.as_ptr(),
        type_code: Py_T_PYSSIZET,
        offset: Py_ssize_t::try_from(offset).unwrap_or(0),
        flags: Py_READONLY,
        doc: ptr::null(),
    }
}

/// A field that holds an object, as an attribute that can be read.
pub(crate) fn object_member(name: &'static CStr, offset: usize) -> PyMemberDef {
    PyMemberDef { type_code: Py_T_OBJECT_EX, ..self::offset(name, offset) }
}

/// A table as Python wants it: closed by an empty entry, at a fixed address.
fn table<T>(mut entries: Vec<T>, end: T) -> *mut c_void {
    entries.push(end);
    entries.leak().as_mut_ptr().cast()
}

/// A method table closed by an empty entry, for types and modules.
pub(crate) fn method_table(methods: Vec<PyMethodDef>) -> *mut PyMethodDef {
    table(methods, PyMethodDef::zeroed()).cast()
}

/// Makes the type, as a part of `module`, derived from `base` (null: from `object`).
pub(crate) fn create(
    gil: Gil<'_>,
    module: *mut PyObject,
    spec: TypeSpec,
    base: *mut PyTypeObject,
) -> Result<Owned, Raised> {
    let mut slots = spec.slots;
    if let Some(doc) = spec.doc {
        slots.push(slot(Py_tp_doc, doc.as_ptr().cast_mut().cast()));
    }
    slots.push(slot(Py_tp_methods, method_table(spec.methods).cast()));
    // SAFETY: an all-zero entry is what closes these tables.
    let (end_of_members, end_of_getters) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
    slots.push(slot(Py_tp_members, table(spec.members, end_of_members)));
    slots.push(slot(Py_tp_getset, table(spec.getters, end_of_getters)));
    slots.push(slot(0, ptr::null_mut()));
    let mut spec = PyType_Spec {
        name: spec.name.as_ptr(),
        basicsize: c_int::try_from(spec.size).unwrap_or(0),
        itemsize: 0,
        flags: c_uint::try_from(spec.flags | immutable()).unwrap_or(0),
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the GIL is held; the spec and its tables are complete, and what Python keeps of them lives for ever. Python
    // 3.9 wants the base in a tuple. Python 3.11 fails without an exception where it has no memory for the name.
    unsafe {
        let bases = match base.as_mut() {
            Some(base) => Some(args::tuple(gil, [Borrowed::from_ptr(ptr::from_mut(base).cast()).hold()])?),
            None => None,
        };
        let bases = bases.as_ref().map_or(ptr::null_mut(), Owned::as_ptr);
        let class = PyType_FromModuleAndSpec(module, &raw mut spec, bases);
        if class.is_null() && PyErr_Occurred().is_null() {
            return Err(raise_no_memory(gil));
        }
        Owned::from_new(class)
    }
}

/// `Py_TPFLAGS_IMMUTABLETYPE`, which the headers of Python 3.9 lack.
const IMMUTABLE_TYPE: u64 = 1 << 8;

/// The flag that keeps a type from being changed, where Python has it (3.10 and newer).
fn immutable() -> u64 {
    if version() >= (3, 10) { IMMUTABLE_TYPE } else { 0 }
}

/// A new instance with all fields zero. Such an instance must be fit for `dealloc` and `traverse`.
///
/// # Safety
/// `class` is a heap type of ours, or derived from one.
pub(crate) unsafe fn allocate(_gil: Gil<'_>, class: *mut PyTypeObject) -> Result<Owned, Raised> {
    // SAFETY: promised by the caller; PyType_GenericAlloc is the allocator of all our types.
    unsafe { Owned::from_new(PyType_GenericAlloc(class, 0)) }
}

/// Frees an instance, and gives back the reference to its type that each instance of a heap type holds.
///
/// # Safety
/// `object` is an instance of a heap type with no reference left, and its fields are released.
pub(crate) unsafe fn free(object: *mut PyObject) {
    // SAFETY: promised by the caller; the type is alive until its reference is given back.
    unsafe {
        let class = Py_TYPE(object);
        if let Some(free) = (*class).tp_free {
            free(object.cast());
        }
        Py_DECREF(class.cast());
    }
}
