//! Released instances of one type, kept for those to come: what is made and released again and again costs no allocation then.

use std::cell::RefCell;
use std::ptr::{self, NonNull};

use crate::ffi::python::*;

use super::{Gil, Owned, Raised, types};

/// So many are kept.
const MOST: usize = 16;

/// See the module. Each instance keeps its reference to its type, so that the type outlives the memory.
#[derive(Default)]
pub(crate) struct Spare(RefCell<Vec<NonNull<PyObject>>>);

impl Spare {
    /// A new instance, as [`types::allocate`] makes it.
    ///
    /// # Safety
    /// `class` is a heap type of ours whose instances the collector tracks, and the type of all that is kept here.
    pub(crate) unsafe fn allocate(&self, gil: Gil<'_>, class: *mut PyTypeObject) -> Result<Owned, Raised> {
        let spare = self.0.borrow_mut().pop();
        // SAFETY: promised by the caller; nobody else knows the instance, whose fields follow what all objects have.
        unsafe {
            let Some(object) = spare else { return types::allocate(gil, class) };
            let size = usize::try_from((*class).tp_basicsize).unwrap_or(0) - size_of::<PyObject>();
            ptr::write_bytes(object.as_ptr().add(1).cast::<u8>(), 0, size);
            PyObject_Init(object.as_ptr(), class);
            // A new instance gets a reference to its type; this one has it.
            Py_DECREF(class.cast());
            PyObject_GC_Track(object.as_ptr().cast());
            Owned::from_new(object.as_ptr())
        }
    }

    /// Keeps an instance, or frees it, as [`types::free`] does.
    ///
    /// # Safety
    /// `object` has the type of all that is kept here and no reference left; the collector does not track it any more, and
    /// its fields are released.
    pub(crate) unsafe fn free(&self, object: NonNull<PyObject>) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < MOST {
            kept.push(object);
            return;
        }
        drop(kept);
        // SAFETY: promised by the caller.
        unsafe { types::free(object.as_ptr()) };
    }

    /// Frees what is kept.
    pub(crate) fn clear(&self) {
        for object in self.0.take() {
            // SAFETY: what is kept is ours alone.
            unsafe { types::free(object.as_ptr()) };
        }
    }

    /// The references to the type, for the collector. `visit` returns something else than 0 to stop.
    pub(crate) fn visit(&self, mut visit: impl FnMut(*mut PyObject) -> i32) -> i32 {
        // SAFETY: what is kept has its type.
        self.0
            .borrow()
            .iter()
            .map(|object| visit(unsafe { Py_TYPE(object.as_ptr()) }.cast()))
            .find(|&result| result != 0)
            .unwrap_or(0)
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.clear();
    }
}
