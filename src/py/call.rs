//! Calls into Python and attribute access, with owned results.

use std::ffi::CStr;
use std::ptr;

use crate::ffi::python::*;

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

/// So many arguments are kept without allocating.
const FEW: usize = 6;

/// Positional arguments on their way to a call, in the array that Python's vectorcall wants: its first place is for the
/// callee, which puts the object of a bound method there.
pub(crate) struct CallArguments {
    array: [*mut PyObject; FEW + 1],
    count: usize,
}

impl CallArguments {
    pub(crate) fn new() -> CallArguments {
        CallArguments { array: [ptr::null_mut(); FEW + 1], count: 0 }
    }

    /// Adds an argument, or gives it back where there is no place for it.
    pub(crate) fn add(&mut self, argument: Owned) -> Result<(), Owned> {
        if self.count == FEW {
            return Err(argument);
        }
        self.count += 1;
        self.array[self.count] = argument.into_ptr();
        Ok(())
    }

    pub(crate) fn first(&self) -> Option<Borrowed<'_>> {
        // SAFETY: the places that are counted hold references of ours.
        (self.count > 0).then(|| unsafe { Borrowed::from_ptr(self.array[1]) })
    }

    /// `callable(*arguments)` without the first `skipped` ones.
    pub(crate) fn call(&mut self, _gil: Gil<'_>, callable: Borrowed<'_>, skipped: usize) -> Result<Owned, Raised> {
        let count = (self.count - skipped) | PY_VECTORCALL_ARGUMENTS_OFFSET;
        // SAFETY: the GIL is held; the array is ours and has a place before the first argument, which the callee may use
        // and then restores.
        unsafe {
            let arguments = self.array.as_mut_ptr().add(1 + skipped);
            Owned::from_new(PyObject_VectorcallDict(callable.as_ptr(), arguments, count, ptr::null_mut()))
        }
    }

    pub(crate) fn into_vec(mut self) -> Vec<Owned> {
        let count = std::mem::take(&mut self.count);
        // SAFETY: the references go to the result, each once.
        self.array[1..=count].iter().filter_map(|&argument| unsafe { Owned::from_optional(argument) }).collect()
    }
}

impl Drop for CallArguments {
    fn drop(&mut self) {
        for &argument in &self.array[1..=self.count] {
            // SAFETY: the places that are counted hold references of ours.
            drop(unsafe { Owned::from_optional(argument) });
        }
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
