//! Arguments of our methods, parsed as Python parses those of a function written in Python.

use crate::ffi::python::*;

use super::error::raise_type_error;
use super::{Borrowed, Gil, Owned, Raised};

/// The parameters of a function: the names of those that may be given by position, then those that are keyword-only.
pub(crate) struct Signature<const N: usize> {
    pub(crate) function: &'static str,
    pub(crate) names: [&'static str; N],
    /// How many of `names` may be given by position.
    pub(crate) positional: usize,
    /// How many of `names` must be given.
    pub(crate) required: usize,
    /// Further positional arguments are allowed and returned apart.
    pub(crate) variadic: bool,
}

/// What was given for each parameter, and the further positional arguments.
pub(crate) struct Parsed<'a, const N: usize> {
    pub(crate) values: [Option<Borrowed<'a>>; N],
    pub(crate) rest: Vec<Borrowed<'a>>,
}

impl<const N: usize> Signature<N> {
    /// Sorts the arguments of a call (a tuple, and a dict or null) into the parameters.
    ///
    /// # Safety
    /// `arguments` is a tuple and `keywords` a dict or null; both stay alive and unchanged for `'a`.
    pub(crate) unsafe fn parse<'a>(
        &self,
        gil: Gil<'_>,
        arguments: *mut PyObject,
        keywords: *mut PyObject,
    ) -> Result<Parsed<'a, N>, Raised> {
        let mut parsed = Parsed { values: [None; N], rest: Vec::new() };
        // SAFETY: `arguments` is a tuple.
        let given = unsafe { PyTuple_GET_SIZE(arguments) };
        for position in 0..given {
            // SAFETY: the position is inside the tuple, which keeps the item alive.
            let item = unsafe { Borrowed::from_ptr(PyTuple_GET_ITEM(arguments, position)) };
            match usize::try_from(position) {
                Ok(index) if index < self.positional => parsed.values[index] = Some(item),
                _ if self.variadic => parsed.rest.push(item),
                _ => return Err(self.wrong_count(gil, given)),
            }
        }
        if !keywords.is_null() {
            // SAFETY: `keywords` is a dict that nobody changes meanwhile.
            unsafe { self.parse_keywords(gil, keywords, &mut parsed)? };
        }
        if (0..self.required).any(|index| parsed.values[index].is_none()) {
            return Err(self.wrong_count(gil, given));
        }
        Ok(parsed)
    }

    /// Too few or too many positional arguments.
    fn wrong_count(&self, gil: Gil<'_>, given: Py_ssize_t) -> Raised {
        let too_few = usize::try_from(given).is_ok_and(|given| given < self.required);
        let (bound, count) = match () {
            () if self.positional == self.required && !self.variadic => ("exactly", self.positional),
            () if too_few => ("at least", self.required),
            () => ("at most", self.positional),
        };
        let plural = if count == 1 { "" } else { "s" };
        let function = self.function;
        raise_type_error(
            gil,
            &format!("{function}() takes {bound} {count} positional argument{plural} ({given} given)"),
        )
    }

    /// # Safety
    /// `keywords` is a dict that stays alive and unchanged for `'a`.
    unsafe fn parse_keywords<'a>(
        &self,
        gil: Gil<'_>,
        keywords: *mut PyObject,
        parsed: &mut Parsed<'a, N>,
    ) -> Result<(), Raised> {
        let (mut position, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the dict is alive and unchanged during the walk; keys and values are borrowed from it.
        while unsafe { PyDict_Next(keywords, &raw mut position, &raw mut key, &raw mut value) } != 0 {
            // SAFETY: PyDict_Next has set both.
            let (name, item) =
                unsafe { (super::text::to_string(gil, Borrowed::from_ptr(key))?, Borrowed::from_ptr(value)) };
            let Some(index) = self.names.iter().position(|known| *known == name) else {
                let message = format!("{}() got an unexpected keyword argument '{name}'", self.function);
                return Err(raise_type_error(gil, &message));
            };
            if parsed.values[index].is_some() {
                let message = format!("{}() got multiple values for keyword argument '{name}'", self.function);
                return Err(raise_type_error(gil, &message));
            }
            parsed.values[index] = Some(item);
        }
        Ok(())
    }
}

/// Is the object true, as `bool()` says?
pub(crate) fn truth(_gil: Gil<'_>, object: Borrowed<'_>) -> Result<bool, Raised> {
    // SAFETY: the GIL is held and the object alive.
    match unsafe { PyObject_IsTrue(object.as_ptr()) } {
        -1 => Err(Raised::already()),
        truth => Ok(truth != 0),
    }
}

/// An argument that is missing or `None`.
pub(crate) fn unless_none(argument: Option<Borrowed<'_>>) -> Option<Borrowed<'_>> {
    argument.filter(|value| !value.is_none())
}

/// Can the object be called?
pub(crate) fn is_callable(_gil: Gil<'_>, object: Borrowed<'_>) -> bool {
    // SAFETY: the GIL is held and the object alive.
    unsafe { PyCallable_Check(object.as_ptr()) != 0 }
}

/// A new tuple of the items.
pub(crate) fn tuple(_gil: Gil<'_>, items: Vec<Owned>) -> Result<Owned, Raised> {
    let size = Py_ssize_t::try_from(items.len()).unwrap_or(Py_ssize_t::MAX);
    // SAFETY: the GIL is held; each position of the new tuple is filled once, with a reference given away.
    unsafe {
        let tuple = Owned::from_new(PyTuple_New(size))?;
        for (position, item) in (0..).zip(items) {
            PyTuple_SET_ITEM(tuple.as_ptr(), position, item.into_ptr());
        }
        Ok(tuple)
    }
}
