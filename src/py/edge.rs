//! The edge where Python calls us: the GIL is held, results become what the C API expects, a panic becomes SystemError.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use crate::ffi::python::{Py_ssize_t, PyObject};

use super::error::{Raised, raise_system_error};
use super::gil::Gil;
use super::object::Owned;

/// A result of one of our functions, and how the C API spells it.
pub(crate) trait Outcome {
    type Raw;
    /// What is returned when an exception is set.
    const RAISED: Self::Raw;
    fn into_raw(self) -> Self::Raw;
}

impl Outcome for Owned {
    type Raw = *mut PyObject;
    const RAISED: *mut PyObject = ptr::null_mut();
    fn into_raw(self) -> *mut PyObject {
        self.into_ptr()
    }
}

impl Outcome for () {
    type Raw = c_int;
    const RAISED: c_int = -1;
    fn into_raw(self) -> c_int {
        0
    }
}

impl Outcome for bool {
    type Raw = c_int;
    const RAISED: c_int = -1;
    fn into_raw(self) -> c_int {
        c_int::from(self)
    }
}

impl Outcome for Py_ssize_t {
    type Raw = Py_ssize_t;
    const RAISED: Py_ssize_t = -1;
    fn into_raw(self) -> Py_ssize_t {
        self
    }
}

/// Runs the body of a function that Python called.
///
/// # Safety
/// This thread holds the GIL.
pub(crate) unsafe fn edge<T: Outcome>(body: impl for<'py> FnOnce(Gil<'py>) -> Result<T, Raised>) -> T::Raw {
    // SAFETY: promised by the caller.
    let gil = unsafe { Gil::assume() };
    match catch_unwind(AssertUnwindSafe(|| body(gil))) {
        Ok(Ok(value)) => value.into_raw(),
        Ok(Err(Raised { .. })) => T::RAISED,
        Err(_) => {
            let _raised = raise_system_error(gil, "lupa: internal error (a panic was caught)");
            T::RAISED
        }
    }
}
