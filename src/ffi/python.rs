//! CPython: what pyo3-ffi declares, what it lacks, and guarded functions in place of those that may run Python code.

#[cfg(unix)]
use std::ffi::{c_char, c_double, c_ulonglong};
use std::ffi::{c_int, c_longlong, c_void};

pub(crate) use pyo3_ffi::*;

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

/// The function itself, by which types are told that read attributes in the usual way; only compared.
pub(crate) const USUAL_GETATTRO: getattrofunc = pyo3_ffi::PyObject_GenericGetAttr;

/// Declares functions of `gil.c` under the names that they have in Python: they may run Python code, and in a thread that
/// Python ends meanwhile they never return, since frames of Lua and of Rust lie below.
macro_rules! guarded {
    ($(fn $name:ident($($parameter:ident: $kind:ty),*) $(-> $result:ty)?;)*) => {
        #[cfg(unix)]
        #[cfg_attr(not(feature = "core"), expect(dead_code, reason = "each module needs a part"))]
        unsafe extern "C" {$(
            #[link_name = concat!("lupa_", stringify!($name))]
            pub(crate) fn $name($($parameter: $kind),*) $(-> $result)?;
        )*}
    };
}

#[cfg(unix)]
type Object = *mut PyObject;

guarded! {
    fn PyEval_RestoreThread(state: *mut PyThreadState);
    fn PyErr_CheckSignals() -> c_int;
    fn Py_DecRef(object: Object);
    fn PyObject_ClearWeakRefs(object: Object);

    fn PyObject_VectorcallDict(f: Object, arguments: *const Object, count: usize, keywords: Object) -> Object;
    fn PyObject_Call(f: Object, arguments: Object, keywords: Object) -> Object;
    fn PyObject_GetAttr(object: Object, name: Object) -> Object;
    fn PyObject_GetAttrString(object: Object, name: *const c_char) -> Object;
    fn PyObject_GenericGetAttr(object: Object, name: Object) -> Object;
    fn PyObject_GenericGetDict(object: Object, context: *mut c_void) -> Object;
    fn PyObject_SetAttr(object: Object, name: Object, value: Object) -> c_int;
    fn PyObject_SetAttrString(object: Object, name: *const c_char, value: Object) -> c_int;
    fn PyImport_ImportModule(name: *const c_char) -> Object;
    fn PyModule_AddFunctions(module: Object, functions: *mut PyMethodDef) -> c_int;

    fn PyObject_GetItem(object: Object, key: Object) -> Object;
    fn PyObject_SetItem(object: Object, key: Object, value: Object) -> c_int;
    fn PyObject_GetIter(object: Object) -> Object;
    fn PyIter_Next(iterator: Object) -> Object;
    fn PyMapping_Items(object: Object) -> Object;
    fn PySequence_Tuple(object: Object) -> Object;
    fn PyTuple_New(size: Py_ssize_t) -> Object;
    fn PyDict_New() -> Object;
    fn PyList_New(size: Py_ssize_t) -> Object;
    fn PyList_Append(list: Object, item: Object) -> c_int;
    fn PyDict_GetItem(dict: Object, key: Object) -> Object;
    fn PyDict_Items(dict: Object) -> Object;
    fn PyDict_Contains(dict: Object, key: Object) -> c_int;
    fn PyDict_SetItem(dict: Object, key: Object, value: Object) -> c_int;
    fn PyDict_SetItemString(dict: Object, key: *const c_char, value: Object) -> c_int;

    fn PyObject_Repr(object: Object) -> Object;
    fn PyObject_Str(object: Object) -> Object;
    fn PyObject_IsTrue(object: Object) -> c_int;
    fn PyObject_IsInstance(object: Object, class: Object) -> c_int;
    fn PyObject_RichCompareBool(first: Object, second: Object, operator: c_int) -> c_int;
    fn PyNumber_Index(object: Object) -> Object;
    fn PyNumber_Long(object: Object) -> Object;
    fn PyNumber_AsSsize_t(object: Object, exception: Object) -> Py_ssize_t;
    fn PyFloat_AsDouble(object: Object) -> c_double;
    fn PyLong_AsLongLongAndOverflow(object: Object, overflow: *mut c_int) -> c_longlong;
    fn PyLong_AsSize_t(object: Object) -> usize;
    fn PyLong_AsUnsignedLongLong(object: Object) -> c_ulonglong;
    fn PyBytes_FromObject(object: Object) -> Object;
    fn PyUnicode_AsASCIIString(text: Object) -> Object;
    fn PyUnicode_AsEncodedString(text: Object, codec: *const c_char, errors: *const c_char) -> Object;
    fn PyUnicode_AsUTF8AndSize(text: Object, size: *mut Py_ssize_t) -> *const c_char;
    fn PyUnicode_Decode(s: *const c_char, size: Py_ssize_t, codec: *const c_char, errors: *const c_char) -> Object;
    fn PyUnicode_DecodeLatin1(bytes: *const c_char, size: Py_ssize_t, errors: *const c_char) -> Object;
    fn PyUnicode_InternFromString(s: *const c_char) -> Object;
    fn PyUnicode_DecodeUTF8(bytes: *const c_char, size: Py_ssize_t, errors: *const c_char) -> Object;

    fn PyErr_Clear();
    fn PyErr_Restore(class: Object, value: Object, traceback: Object);
    fn PyErr_NormalizeException(class: *mut Object, value: *mut Object, traceback: *mut Object);
    fn PyErr_SetNone(class: Object);
    fn PyErr_SetObject(class: Object, value: Object);
    fn PyErr_SetString(class: Object, message: *const c_char);
    fn PyErr_NoMemory() -> Object;
    fn PyErr_NewExceptionWithDoc(name: *const c_char, doc: *const c_char, bases: Object, dict: Object) -> Object;
    fn PyException_SetTraceback(exception: Object, traceback: Object) -> c_int;

    fn PyType_GenericAlloc(class: *mut PyTypeObject, items: Py_ssize_t) -> Object;
    fn PyType_FromModuleAndSpec(module: Object, spec: *mut PyType_Spec, bases: Object) -> Object;
}

/// The value of an object that is exactly an int, as `PyLong_AsLongLongAndOverflow` gives it: no other code runs, so that this
/// one needs no guard.
///
/// # Safety
/// The GIL is held, and the object is exactly an int.
#[cfg(not(feature = "core"))]
#[inline]
pub(crate) unsafe fn exact_int(object: *mut PyObject) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: promised by the caller.
    let value = unsafe { pyo3_ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow) };
    (overflow == 0).then_some(value)
}

/// Releases a reference. Only the last release runs code.
///
/// # Safety
/// The GIL is held, and the reference belongs to the caller.
#[cfg(unix)]
#[expect(non_snake_case, reason = "the name that it has in Python")]
pub(crate) unsafe fn Py_DECREF(object: *mut PyObject) {
    // SAFETY: promised by the caller.
    unsafe {
        if pyo3_ffi::Py_REFCNT(object) == 1 {
            Py_DecRef(object);
        } else {
            pyo3_ffi::Py_DECREF(object);
        }
    }
}
