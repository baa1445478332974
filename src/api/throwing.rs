//! What `throw()` of a coroutine raises.

use crate::ffi::python::*;

use crate::py::args::unless_none;
use crate::py::error::{self, raise_type_error};
use crate::py::{Borrowed, Gil, Owned, Raised, call, text};

/// The exception that `throw(type, value)` means: an instance, or a class that is called with the value.
pub(super) fn exception_instance(
    gil: Gil<'_>,
    class: Option<Borrowed<'_>>,
    value: Option<Borrowed<'_>>,
) -> Result<Owned, Raised> {
    // SAFETY: None is immortal.
    let class = class.unwrap_or_else(|| unsafe { Borrowed::from_ptr(Py_None()) });
    let value = unless_none(value);
    // SAFETY: the objects are alive.
    let is_class = unsafe { PyExceptionClass_Check(class.as_ptr()) != 0 };
    match value {
        None if error::is_exception(class) => Ok(class.hold()),
        Some(_) if error::is_exception(class) => {
            Err(raise_type_error(gil, "instance exception may not have a separate value"))
        }
        Some(value) if is_class && error::is_exception(value) => Ok(value.hold()),
        Some(value) if is_class => call::call(gil, class, &[value]),
        None if is_class => call::call(gil, class, &[]),
        _ => {
            let name = text::type_name(class);
            let message = format!("exceptions must be classes or instances deriving from BaseException, not {name}");
            Err(raise_type_error(gil, &message))
        }
    }
}
