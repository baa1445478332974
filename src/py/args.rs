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

/// The arguments of one call.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    positional: &'a [Borrowed<'a>],
    named: Named<'a>,
}

/// Arguments by name.
#[derive(Clone, Copy)]
enum Named<'a> {
    None,
    Dict(Borrowed<'a>),
    /// A tuple of names, and the values.
    Vector(Borrowed<'a>, &'a [Borrowed<'a>]),
}

impl<'a> Given<'a> {
    pub(crate) fn positional(self) -> &'a [Borrowed<'a>] {
        self.positional
    }

    /// The first name, if there is any.
    pub(crate) fn first_name(self) -> Option<Borrowed<'a>> {
        match self.named {
            Named::None => None,
            // SAFETY: what is there is a tuple.
            Named::Vector(names, _) => unsafe { names.items().first().copied() },
            Named::Dict(dict) => {
                let (mut position, mut key) = (0, std::ptr::null_mut());
                // SAFETY: what is there is a dict, which holds the key.
                unsafe {
                    PyDict_Next(dict.as_ptr(), &raw mut position, &raw mut key, std::ptr::null_mut());
                    key.as_mut().map(|key| Borrowed::from_ptr(key))
                }
            }
        }
    }

    /// Those of a function that Python calls with a tuple, and a dict or null.
    ///
    /// # Safety
    /// `arguments` is a tuple and `keywords` a dict or null; both stay alive and unchanged for `'a`.
    pub(crate) unsafe fn from_tuple(arguments: *mut PyObject, keywords: *mut PyObject) -> Given<'a> {
        // SAFETY: promised by the caller.
        unsafe {
            let named = keywords.as_mut().map_or(Named::None, |dict| Named::Dict(Borrowed::from_ptr(dict)));
            Given { positional: Borrowed::from_ptr(arguments).items(), named }
        }
    }

    /// Those of a function that Python calls with a vector (`METH_FASTCALL | METH_KEYWORDS`).
    ///
    /// # Safety
    /// The three are what Python passed, and stay alive and unchanged for `'a`.
    pub(crate) unsafe fn from_vector(
        arguments: *const *mut PyObject,
        count: Py_ssize_t,
        names: *mut PyObject,
    ) -> Given<'a> {
        let count = usize::try_from(count).unwrap_or(0);
        // SAFETY: promised by the caller: the values of the names follow the positional arguments. A `Borrowed` is a plain
        // pointer.
        unsafe {
            let named = names.as_mut().map(|names| Borrowed::from_ptr(names));
            let all = count + named.map_or(0, |names| names.items().len());
            let all = if all == 0 { &[][..] } else { std::slice::from_raw_parts(arguments.cast(), all) };
            let (positional, values) = all.split_at(count);
            Given { positional, named: named.map_or(Named::None, |names| Named::Vector(names, values)) }
        }
    }
}

/// What was given for each parameter, and the further positional arguments.
pub(crate) struct Parsed<'a, const N: usize> {
    pub(crate) values: [Option<Borrowed<'a>>; N],
    pub(crate) rest: &'a [Borrowed<'a>],
}

impl<const N: usize> Signature<N> {
    /// Sorts the arguments of a call into the parameters.
    pub(crate) fn parse<'a>(&self, gil: Gil<'_>, given: Given<'a>) -> Result<Parsed<'a, N>, Raised> {
        let count = given.positional.len();
        let (known, rest) = given.positional.split_at(count.min(self.positional));
        if !rest.is_empty() && !self.variadic {
            return Err(self.wrong_count(gil, count));
        }
        let mut parsed = Parsed { values: [None; N], rest };
        for (value, item) in parsed.values.iter_mut().zip(known) {
            *value = Some(*item);
        }
        match given.named {
            Named::None => {}
            // SAFETY: what is there is a dict.
            Named::Dict(dict) => unsafe { self.parse_dict(gil, dict, &mut parsed)? },
            Named::Vector(names, values) => {
                // SAFETY: what is there is a tuple.
                for (name, item) in unsafe { names.items() }.iter().zip(values) {
                    self.parse_named(gil, *name, *item, &mut parsed)?;
                }
            }
        }
        if parsed.values[..self.required].iter().any(Option::is_none) {
            return Err(self.wrong_count(gil, count));
        }
        Ok(parsed)
    }

    /// Too few or too many positional arguments.
    fn wrong_count(&self, gil: Gil<'_>, given: usize) -> Raised {
        let (bound, count) = match () {
            () if self.positional == self.required && !self.variadic => ("exactly", self.positional),
            () if given < self.required => ("at least", self.required),
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
    /// `keywords` is a dict that stays unchanged for `'a`.
    unsafe fn parse_dict<'a>(
        &self,
        gil: Gil<'_>,
        keywords: Borrowed<'a>,
        parsed: &mut Parsed<'a, N>,
    ) -> Result<(), Raised> {
        let (mut position, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the dict is alive and unchanged during the walk; keys and values are borrowed from it.
        while unsafe { PyDict_Next(keywords.as_ptr(), &raw mut position, &raw mut key, &raw mut value) } != 0 {
            // SAFETY: PyDict_Next has set both.
            let (name, item) = unsafe { (Borrowed::from_ptr(key), Borrowed::from_ptr(value)) };
            self.parse_named(gil, name, item, parsed)?;
        }
        Ok(())
    }

    fn parse_named<'a>(
        &self,
        gil: Gil<'_>,
        name: Borrowed<'_>,
        item: Borrowed<'a>,
        parsed: &mut Parsed<'a, N>,
    ) -> Result<(), Raised> {
        let name = super::text::to_string(gil, name)?;
        let Some(index) = self.names.iter().position(|known| *known == name) else {
            let message = format!("{}() got an unexpected keyword argument '{name}'", self.function);
            return Err(raise_type_error(gil, &message));
        };
        if parsed.values[index].is_some() {
            let message = format!("{}() got multiple values for keyword argument '{name}'", self.function);
            return Err(raise_type_error(gil, &message));
        }
        parsed.values[index] = Some(item);
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
pub(crate) fn tuple<I>(gil: Gil<'_>, items: I) -> Result<Owned, Raised>
where
    I: IntoIterator<Item = Owned, IntoIter: ExactSizeIterator>,
{
    let mut items = items.into_iter();
    // There are as many items as positions.
    try_tuple(gil, items.len(), |_| items.next().ok_or_else(Raised::already))
}

/// A new tuple of so many items, each made for its position.
pub(crate) fn try_tuple(
    _gil: Gil<'_>,
    count: usize,
    mut item: impl FnMut(usize) -> Result<Owned, Raised>,
) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held; each position of the new tuple is filled once, with a reference given away. A tuple that is left
    // with empty positions can be released. Making an item may run any code, which must not find such a tuple through the
    // collector; that of no items is shared, and not the collector's.
    unsafe {
        let tuple = Owned::from_new(PyTuple_New(Py_ssize_t::try_from(count).unwrap_or(Py_ssize_t::MAX)))?;
        if count == 0 {
            return Ok(tuple);
        }
        PyObject_GC_UnTrack(tuple.as_ptr().cast());
        for position in 0..count {
            PyTuple_SET_ITEM(tuple.as_ptr(), position as Py_ssize_t, item(position)?.into_ptr());
        }
        PyObject_GC_Track(tuple.as_ptr().cast());
        Ok(tuple)
    }
}
