//! Functions of CPython that pyo3-ffi does not declare.

use std::ffi::{c_int, c_longlong, c_void};

use pyo3_ffi::{PyObject, PyTypeObject};

/// `PyThread_type_lock`.
pub(crate) type ThreadLock = *mut c_void;

pub(crate) const PY_LOCK_INTR: c_int = 2;

unsafe extern "C" {
    pub(crate) fn PyThread_allocate_lock() -> ThreadLock;
    pub(crate) fn PyThread_free_lock(lock: ThreadLock);
    pub(crate) fn PyThread_acquire_lock_timed(
        lock: ThreadLock,
        microseconds: c_longlong,
        interruptible: c_int,
    ) -> c_int;
    pub(crate) fn PyThread_release_lock(lock: ThreadLock);

    /// The attribute of a type or its bases, borrowed; null without an exception if there is none.
    pub(crate) fn _PyType_Lookup(class: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;

    /// The object that a bound method is bound to, borrowed.
    pub(crate) fn PyMethod_Self(method: *mut PyObject) -> *mut PyObject;

    /// The type of bound methods.
    pub(crate) static mut PyMethod_Type: PyTypeObject;
}
