//! Calls into Python and attribute access, with owned results.

use std::ffi::CStr;
use std::ptr;

use pyo3_ffi::{
    PyErr_Occurred, PyExc_AttributeError, PyImport_ImportModule, PyObject_Repr, PyObject_TypeCheck, PyTypeObject,
};

use crate::ffi::guarded::*;

use super::{Borrowed, Gil, Owned, Raised, error};

/// `callable(*arguments)`.
pub(crate) fn call(_gil: Gil<'_>, callable: Borrowed<'_>, arguments: &[Borrowed<'_>]) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held; a `Borrowed` is a plain pointer, so that the slice is an array of objects.
    unsafe {
        Owned::from_new(PyObject_VectorcallDict(
            callable.as_ptr(),
            arguments.as_ptr().cast(),
            arguments.len(),
            ptr::null_mut(),
        ))
    }
}

/// `callable(*arguments, **keywords)` for a tuple and a dict.
pub(crate) fn call_with(
    _gil: Gil<'_>,
    callable: Borrowed<'_>,
    arguments: &Owned,
    keywords: &Owned,
) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held, all are alive and of the right types.
    unsafe { Owned::from_new(PyObject_Call(callable.as_ptr(), arguments.as_ptr(), keywords.as_ptr())) }
}

/// `getattr(object, name)`.
pub(crate) fn attribute(_gil: Gil<'_>, object: Borrowed<'_>, name: &CStr) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held, the object alive.
    unsafe { Owned::from_new(PyObject_GetAttrString(object.as_ptr(), name.as_ptr())) }
}

/// `hasattr(object, name)`; other exceptions than AttributeError pass.
pub(crate) fn has_attribute(gil: Gil<'_>, object: Borrowed<'_>, name: &CStr) -> Result<bool, Raised> {
    match attribute(gil, object, name) {
        Ok(_) => Ok(true),
        // SAFETY: a builtin exception class lives as long as the interpreter.
        Err(raised) if error::matches(gil, &raised, unsafe { PyExc_AttributeError }) => {
            error::clear(gil, raised);
            Ok(false)
        }
        Err(raised) => Err(raised),
    }
}

/// `isinstance(object, class)`.
pub(crate) fn is_instance(_gil: Gil<'_>, object: Borrowed<'_>, class: Borrowed<'_>) -> Result<bool, Raised> {
    // SAFETY: the GIL is held, both are alive.
    match unsafe { PyObject_IsInstance(object.as_ptr(), class.as_ptr()) } {
        -1 => Err(Raised::already()),
        answer => Ok(answer != 0),
    }
}

/// Is the object an instance of the class or of a class derived from it, without asking the classes?
pub(crate) fn has_type(object: Borrowed<'_>, class: *mut PyTypeObject) -> bool {
    // SAFETY: the object is alive and the class a type.
    unsafe { PyObject_TypeCheck(object.as_ptr(), class) != 0 }
}

/// `iter(object)`.
pub(crate) fn iterate(_gil: Gil<'_>, object: Borrowed<'_>) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held, the object alive.
    unsafe { Owned::from_new(PyObject_GetIter(object.as_ptr())) }
}

/// The next item, or `None` at the end.
pub(crate) fn next(_gil: Gil<'_>, iterator: Borrowed<'_>) -> Result<Option<Owned>, Raised> {
    // SAFETY: the GIL is held, the iterator alive; null without an exception is the end.
    unsafe {
        match Owned::from_optional(PyIter_Next(iterator.as_ptr())) {
            Some(item) => Ok(Some(item)),
            None if PyErr_Occurred().is_null() => Ok(None),
            None => Err(Raised::already()),
        }
    }
}

/// `import name`.
pub(crate) fn import(_gil: Gil<'_>, name: &CStr) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held.
    unsafe { Owned::from_new(PyImport_ImportModule(name.as_ptr())) }
}

/// `repr(object)` or `str(object)` as Rust text, for messages.
pub(crate) fn repr(gil: Gil<'_>, object: Borrowed<'_>) -> Result<String, Raised> {
    // SAFETY: the GIL is held, the object alive.
    let text = unsafe { Owned::from_new(PyObject_Repr(object.as_ptr()))? };
    super::text::to_string(gil, text.borrow())
}
