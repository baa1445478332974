//! Where there is no watch (see `watch.rs`) the GIL is always given up.

use std::ptr;
use std::sync::atomic::AtomicUsize;

use super::Shared;
use super::keeper::Keeper;
use crate::ffi::python::PyObject;
use crate::py::Gil;

static NUMBER: AtomicUsize = AtomicUsize::new(0);

pub(super) fn number() -> *const AtomicUsize {
    &raw const NUMBER
}

pub(super) unsafe extern "C" fn ask(_shared: *const Shared, _keeper: *const Keeper, _thread: usize) {}

pub(super) unsafe extern "C" fn settle(_keeper: *const Keeper) {}

pub(super) unsafe extern "C" fn note_wait(_keeper: *const Keeper) {}

pub(super) unsafe extern "C" fn forget(_keeper: *const Keeper) {}

pub(super) fn switch_interval(_gil: Gil<'_>) -> *mut PyObject {
    ptr::null_mut()
}
