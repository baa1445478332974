//! Python exceptions: the proof that one is set, setting one, taking one out and putting it back.

use std::ffi::CStr;
use std::ptr;

use crate::ffi::python::*;

use super::gil::Gil;
use super::object::{Borrowed, Owned};
use super::text;

/// A Python exception is set in this thread.
#[must_use]
#[derive(Debug)]
pub(crate) struct Raised(());

impl Raised {
    /// States that an exception is set already; the C API says so by its result.
    pub(crate) fn already() -> Raised {
        Raised(())
    }
}

/// Sets an exception of the given class with a message, or MemoryError if there is no memory for the message.
pub(crate) fn raise(gil: Gil<'_>, class: *mut PyObject, message: &str) -> Raised {
    match text::string(gil, message) {
        Ok(text) => raise_object(gil, class, &text),
        Err(raised) => raised,
    }
}

/// Sets an exception of the given class with any object as its argument.
pub(crate) fn raise_object(_gil: Gil<'_>, class: *mut PyObject, argument: &Owned) -> Raised {
    // SAFETY: the GIL is held, both are alive.
    unsafe { PyErr_SetObject(class, argument.as_ptr()) };
    Raised(())
}

macro_rules! raise_builtin {
    ($($name:ident $class:ident),* $(,)?) => {$(
        #[doc = concat!("Sets ", stringify!($class), " with a message.")]
        pub(crate) fn $name(gil: Gil<'_>, message: &str) -> Raised {
            // SAFETY: a builtin exception class lives as long as the interpreter.
            raise(gil, unsafe { $class }, message)
        }
    )*};
}

raise_builtin! {
    raise_type_error PyExc_TypeError,
    raise_value_error PyExc_ValueError,
    raise_attribute_error PyExc_AttributeError,
    raise_index_error PyExc_IndexError,
    raise_overflow_error PyExc_OverflowError,
    raise_reference_error PyExc_ReferenceError,
    raise_recursion_error PyExc_RecursionError,
    raise_runtime_error PyExc_RuntimeError,
    raise_system_error PyExc_SystemError,
}

/// Sets MemoryError.
pub(crate) fn raise_no_memory(_gil: Gil<'_>) -> Raised {
    // SAFETY: the GIL is held.
    unsafe { PyErr_NoMemory() };
    Raised(())
}

/// Sets StopIteration without a value.
pub(crate) fn raise_stop_iteration(_gil: Gil<'_>) -> Raised {
    // SAFETY: the GIL is held.
    unsafe { PyErr_SetNone(PyExc_StopIteration) };
    Raised(())
}

/// Takes the exception out of the thread: the instance, with its traceback.
pub(crate) fn take(gil: Gil<'_>, _raised: Raised) -> Owned {
    let (mut class, mut value, mut traceback) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the GIL is held; the three references become ours.
    unsafe {
        PyErr_Fetch(&raw mut class, &raw mut value, &raw mut traceback);
        PyErr_NormalizeException(&raw mut class, &raw mut value, &raw mut traceback);
        drop(Owned::from_optional(class));
        if let Some(traceback) = Owned::from_optional(traceback)
            && !value.is_null()
        {
            PyException_SetTraceback(value, traceback.as_ptr());
        }
        Owned::from_optional(value).unwrap_or_else(|| missing_exception(gil))
    }
}

/// What stands for an exception that the C API promised and did not set.
fn missing_exception(_gil: Gil<'_>) -> Owned {
    // SAFETY: SystemError lives as long as the interpreter; its call gives an instance or sets another exception.
    unsafe {
        let instance = PyObject_VectorcallDict(PyExc_SystemError, ptr::null(), 0, ptr::null_mut());
        Owned::from_optional(instance).unwrap_or_else(super::object::none)
    }
}

/// Raises an exception instance, with the traceback that it has.
pub(crate) fn restore(_gil: Gil<'_>, exception: &Owned) -> Raised {
    let instance = exception.borrow();
    // SAFETY: the GIL is held; PyErr_Restore takes over three references.
    unsafe {
        let class = Borrowed::from_ptr(instance.type_ptr().cast()).hold();
        let traceback = PyException_GetTraceback(instance.as_ptr());
        PyErr_Restore(class.into_ptr(), instance.hold().into_ptr(), traceback);
    }
    Raised(())
}

/// Drops the exception that is set.
pub(crate) fn clear(_gil: Gil<'_>, _raised: Raised) {
    // SAFETY: the GIL is held.
    unsafe { PyErr_Clear() }
}

/// Is the exception that is set of this class?
pub(crate) fn matches(_gil: Gil<'_>, _raised: &Raised, class: *mut PyObject) -> bool {
    // SAFETY: the GIL is held and an exception is set.
    unsafe { PyErr_ExceptionMatches(class) != 0 }
}

/// Drops the exception that is set, since there is a second way. A lack of memory is never passed over.
pub(crate) fn clear_unless_memory(gil: Gil<'_>, raised: Raised) -> Result<(), Raised> {
    // SAFETY: a builtin exception class lives as long as the interpreter.
    if matches(gil, &raised, unsafe { PyExc_MemoryError }) {
        return Err(raised);
    }
    clear(gil, raised);
    Ok(())
}

/// Is this object an exception instance, fit for `raise`?
pub(crate) fn is_exception(object: Borrowed<'_>) -> bool {
    // SAFETY: the object is alive.
    unsafe { PyExceptionInstance_Check(object.as_ptr()) != 0 }
}

/// `Ok` for 0, the exception for -1, as the C API returns them.
pub(crate) fn check(status: std::ffi::c_int) -> Result<(), Raised> {
    if status < 0 { Err(Raised(())) } else { Ok(()) }
}

/// The text of a C string that is a program constant of ours or of Lua.
pub(crate) fn lossy(text: &CStr) -> String {
    text.to_string_lossy().into_owned()
}
