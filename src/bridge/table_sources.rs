//! What `table_from` knows of its sources without running code: of lists, tuples and dicts that are exactly that.

use std::ffi::c_int;

use crate::ffi::python::*;
use crate::py::Borrowed;

use super::slots::Expected;

/// A walk over an exact dict, which nobody changes meanwhile.
#[derive(Clone, Copy)]
pub(super) struct DictWalk<'a> {
    pub(super) dict: Borrowed<'a>,
    pub(super) position: Py_ssize_t,
}

impl<'a> Iterator for DictWalk<'a> {
    type Item = (Borrowed<'a>, Borrowed<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the GIL is held, the dict alive; it has set both if there is a pair, and keeps them.
        unsafe {
            let has_pair = PyDict_Next(self.dict.as_ptr(), &raw mut self.position, &raw mut key, &raw mut value) != 0;
            has_pair.then(|| (Borrowed::from_ptr(key), Borrowed::from_ptr(value)))
        }
    }
}

#[inline]
pub(super) fn is_number(value: Borrowed<'_>) -> bool {
    let class = value.type_ptr();
    class == &raw mut PyLong_Type || class == &raw mut PyFloat_Type
}

pub(super) fn is_exactly_dict(value: Borrowed<'_>) -> bool {
    value.type_ptr() == &raw mut PyDict_Type
}

fn is_exactly_list(value: Borrowed<'_>) -> bool {
    value.type_ptr() == &raw mut PyList_Type
}

pub(super) fn is_exactly_list_or_tuple(value: Borrowed<'_>) -> bool {
    is_exactly_list(value) || value.type_ptr() == &raw mut PyTuple_Type
}

/// The length of a list or tuple.
#[inline]
pub(super) fn length(items: Borrowed<'_>) -> usize {
    // SAFETY: both begin with their size.
    usize::try_from(unsafe { Py_SIZE(items.as_ptr()) }).unwrap_or(0)
}

/// The items of a list or tuple.
///
/// # Safety
/// No code runs that could change a list, as long as the result is in use.
#[inline]
pub(super) unsafe fn content<'a>(items: Borrowed<'a>) -> &'a [Borrowed<'a>] {
    // SAFETY: promised by the caller; a `Borrowed` is a plain pointer, so that the array of items is a slice of them. That of
    // an empty list may be missing.
    unsafe {
        let first = if is_exactly_list(items) {
            (*items.as_ptr().cast::<PyListObject>()).ob_item.cast_const()
        } else {
            (&raw const (*items.as_ptr().cast::<PyTupleObject>()).ob_item).cast()
        };
        if first.is_null() { &[] } else { std::slice::from_raw_parts(first.cast(), length(items)) }
    }
}

/// The size that the table of a container will have. With holes in a list, the length of a table depends on how it has grown;
/// so it grows as if nothing were known. So do integer keys of a dict, which Lua moves to where items are.
pub(super) fn expected(container: Borrowed<'_>) -> Expected {
    /// So many keys stand for all.
    const SAMPLE: usize = 8;
    /// What is larger than this grows step by step.
    const MOST: usize = 1 << 24;
    let count = |count: usize| c_int::try_from(count.min(MOST)).unwrap_or(0);
    if is_exactly_list_or_tuple(container) {
        // SAFETY: no code runs.
        let items = unsafe { content(container) };
        let has_holes = items.iter().any(|item| item.is_none());
        return Expected { items: if has_holes { 0 } else { count(items.len()) }, fields: 0 };
    }
    if is_exactly_dict(container) {
        let mut sample = DictWalk { dict: container, position: 0 }.take(SAMPLE);
        // SAFETY: the GIL is held, the dict alive.
        let size = usize::try_from(unsafe { PyDict_Size(container.as_ptr()) }).unwrap_or(0);
        let has_names = sample.all(|(key, _)| key.type_ptr() == &raw mut PyUnicode_Type);
        return Expected { items: 0, fields: if has_names { count(size) } else { 0 } };
    }
    Expected::default()
}

pub(super) fn sum(one: Expected, other: Expected) -> Expected {
    Expected { items: one.items.saturating_add(other.items), fields: one.fields.saturating_add(other.fields) }
}

/// Is it a string that contains a new one like it at each look? Those with a character of Latin-1 exist once.
pub(super) fn is_wide_character(object: Borrowed<'_>) -> bool {
    let text = object.as_ptr();
    // SAFETY: the object is alive; its length and kind are read if it is exactly a str.
    unsafe {
        PyUnicode_CheckExact(text) != 0
            && PyUnicode_GET_LENGTH(text) == 1
            && PyUnicode_KIND(text) as u32 != PyUnicode_1BYTE_KIND as u32
    }
}
