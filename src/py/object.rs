//! Pointers to Python objects: owned and borrowed. Both need the GIL, which their users prove by a `Gil` token; only the
//! drop of an owned reference has to trust.

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::ffi::python::{
    Py_DECREF, Py_INCREF, Py_TYPE, PyObject, PyTuple_GET_SIZE, PyTupleObject, PyType_HasFeature, PyTypeObject,
};

use super::error::Raised;

/// A strong reference to a Python object. Dropping it needs the GIL and may run any code.
#[repr(transparent)]
pub(crate) struct Owned(NonNull<PyObject>);

/// A reference to a Python object that somebody else keeps alive for `'a`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Borrowed<'a>(NonNull<PyObject>, PhantomData<&'a PyObject>);

impl Owned {
    /// Takes over a new reference as the C API returns it; null means that an exception is set.
    ///
    /// # Safety
    /// `pointer` is null with an exception set, or a reference that the caller gives away.
    pub(crate) unsafe fn from_new(pointer: *mut PyObject) -> Result<Owned, Raised> {
        match NonNull::new(pointer) {
            Some(object) => Ok(Owned(object)),
            None => Err(Raised::already()),
        }
    }

    /// Takes over a reference that may be missing.
    ///
    /// # Safety
    /// `pointer` is null, or a reference that the caller gives away.
    pub(crate) unsafe fn from_optional(pointer: *mut PyObject) -> Option<Owned> {
        NonNull::new(pointer).map(Owned)
    }

    pub(crate) fn borrow(&self) -> Borrowed<'_> {
        Borrowed(self.0, PhantomData)
    }

    pub(crate) fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away, to the C API or to a field.
    pub(crate) fn into_ptr(self) -> *mut PyObject {
        let pointer = self.0.as_ptr();
        let _given_away = std::mem::ManuallyDrop::new(self);
        pointer
    }
}

impl Clone for Owned {
    fn clone(&self) -> Owned {
        self.borrow().hold()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is ours; owned references are dropped with the GIL held.
        unsafe { Py_DECREF(self.0.as_ptr()) }
    }
}

impl<'a> Borrowed<'a> {
    /// The items of a tuple, which keeps them alive.
    ///
    /// # Safety
    /// The object is a tuple.
    pub(crate) unsafe fn items(self) -> &'a [Borrowed<'a>] {
        // SAFETY: promised by the caller; a `Borrowed` is a plain pointer, and a tuple does not change.
        unsafe {
            let size = usize::try_from(PyTuple_GET_SIZE(self.as_ptr())).unwrap_or(0);
            let first = &raw const (*self.as_ptr().cast::<PyTupleObject>()).ob_item;
            std::slice::from_raw_parts(first.cast(), size)
        }
    }

    /// # Safety
    /// `pointer` is an object that stays alive for `'a`.
    pub(crate) unsafe fn from_ptr(pointer: *mut PyObject) -> Borrowed<'a> {
        // SAFETY: the caller promises an object, hence not null.
        Borrowed(unsafe { NonNull::new_unchecked(pointer) }, PhantomData)
    }

    pub(crate) fn as_ptr(self) -> *mut PyObject {
        self.0.as_ptr()
    }

    pub(crate) fn hold(self) -> Owned {
        // SAFETY: the object is alive.
        unsafe { Py_INCREF(self.0.as_ptr()) };
        Owned(self.0)
    }

    pub(crate) fn type_ptr(self) -> *mut PyTypeObject {
        // SAFETY: the object is alive.
        unsafe { Py_TYPE(self.0.as_ptr()) }
    }

    /// Has the type any of these flags (`Py_TPFLAGS_...`)?
    pub(crate) fn has_feature(self, flags: std::ffi::c_ulong) -> bool {
        // SAFETY: the object is alive, and keeps its type.
        unsafe { PyType_HasFeature(self.type_ptr(), flags) != 0 }
    }

    pub(crate) fn is(self, other: *mut PyObject) -> bool {
        self.0.as_ptr() == other
    }

    pub(crate) fn is_none(self) -> bool {
        // SAFETY: None is immortal.
        self.is(unsafe { crate::ffi::python::Py_None() })
    }
}

/// `None`, as a new reference.
pub(crate) fn none() -> Owned {
    // SAFETY: None is immortal, and not null.
    unsafe { Borrowed::from_ptr(crate::ffi::python::Py_None()).hold() }
}

/// `True` or `False`, as a new reference.
pub(crate) fn boolean(value: bool) -> Owned {
    // SAFETY: both are immortal, and not null.
    unsafe {
        Borrowed::from_ptr(if value { crate::ffi::python::Py_True() } else { crate::ffi::python::Py_False() }).hold()
    }
}

/// `NotImplemented`, as a new reference.
pub(crate) fn not_implemented() -> Owned {
    // SAFETY: it is immortal, and not null.
    unsafe { Borrowed::from_ptr(crate::ffi::python::Py_NotImplemented()).hold() }
}
