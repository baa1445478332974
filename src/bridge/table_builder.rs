//! `table_from`: Python mappings and iterables as Lua tables. This is the walk over the sources, what is in the tables goes
//! to the stream of `table_stream`.

use std::collections::HashMap;
use std::ffi::c_int;
use std::hash::{BuildHasherDefault, Hasher};

use crate::ffi::python::*;

use crate::py::error::raise_type_error;
use crate::py::{Borrowed, Owned, Raised, call};

use super::crossing::Locked;
use super::marshal::exact_number;
use super::slots::Expected;
use super::table_sources::{
    DictWalk, content, expected, is_exactly_dict, is_exactly_list_or_tuple, is_number, is_wide_character, length, sum,
};
use super::table_stream::{RESULT, TableStream};

/// How containers inside of containers are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// They become wrapped Python objects.
    Flat,
    /// They become tables too; one table for each object, however often it is met.
    Recursive,
}

/// A new table from the sources. Values of iterables get one running index.
pub(crate) fn table_from(locked: &Locked<'_>, sources: &[Borrowed<'_>], depth: Depth) -> Result<Owned, Raised> {
    let mut builder = TableBuilder {
        locked,
        depth,
        stream: TableStream::new(locked),
        pending: Vec::new(),
        known: HashMap::default(),
    };
    builder.stream.begin(sources.iter().map(|source| expected(*source)).fold(Expected::default(), sum));
    builder.add_sources(sources)?;
    builder.stream.finish()
}

/// So many containers are expected where there are any.
const MANY: usize = 24;

/// See [`table_from`].
struct TableBuilder<'l, 'rt> {
    locked: &'l Locked<'rt>,
    depth: Depth,
    stream: TableStream<'l, 'rt>,
    /// Containers that wait to be converted, and the numbers of their tables.
    pending: Vec<(Owned, c_int)>,
    /// The tables of the containers met so far; the objects are kept alive, so that their addresses stay theirs.
    known: HashMap<usize, (Owned, c_int), BuildHasherDefault<AddressHasher>>,
}

impl TableBuilder<'_, '_> {
    /// `[-0, +0, -]`
    fn add_sources(&mut self, sources: &[Borrowed<'_>]) -> Result<(), Raised> {
        let mut index = 1;
        for source in sources {
            if self.depth == Depth::Recursive {
                self.known.reserve(MANY);
                self.known.entry(source.as_ptr().addr()).or_insert_with(|| (source.hold(), RESULT));
            }
            index = self.add_content(RESULT, *source, index)?;
        }
        while let Some((container, table)) = self.pending.pop() {
            self.add_content(table, container.borrow(), 1)?;
        }
        Ok(())
    }

    /// `[-0, +0, -]` Adds the content of one container to a table; items from this index on. The next index.
    fn add_content(&mut self, table: c_int, source: Borrowed<'_>, index: i64) -> Result<i64, Raised> {
        if is_exactly_list_or_tuple(source) {
            return self.add_items(table, source, index);
        }
        // SAFETY: the object is alive.
        if unsafe { PyDict_Check(source.as_ptr()) } != 0 {
            self.add_dict(table, source)?;
        } else if self.locked.as_wrapper(source)?.is_some() && source.type_ptr() == self.locked.runtime.types.table {
            self.add_copy(table, source)?;
        } else if self.is_a(source, self.locked.runtime.types.mapping)? {
            self.add_mapping(table, source)?;
        } else if is_wide_character(source) {
            // Converted recursively, it would have no end.
            self.stream.open_list(table, index, 1);
            self.add_item(source)?;
            return Ok(self.stream.index());
        } else {
            return self.add_iterable(table, source, index);
        }
        Ok(index)
    }

    /// `[-0, +0, -]` Adds the items of a list or tuple.
    fn add_items(&mut self, table: c_int, items: Borrowed<'_>, index: i64) -> Result<i64, Raised> {
        self.stream.open_list(table, index, length(items));
        let mut position = 0;
        while position < length(items) {
            // SAFETY: no code runs before the last use of these; afterwards they are looked at again.
            let rest = unsafe { &content(items)[position..] };
            let added = if is_number(rest[0]) { self.stream.add_numbers(rest)? } else { self.add_plain_items(rest)? };
            position += added;
            if added == 0 {
                self.add_value(rest[0])?;
                self.stream.end_element()?;
                position += 1;
            }
        }
        Ok(self.stream.index())
    }

    /// `[-0, +0, -]` Adds items up to the next number, as many as have room in the batch and run no code. How many that are.
    fn add_plain_items(&mut self, items: &[Borrowed<'_>]) -> Result<usize, Raised> {
        let mut added = 0;
        for item in items {
            if is_number(*item) || self.stream.is_full() || !self.add_plain_value(*item)? {
                break;
            }
            self.stream.count_item();
            added += 1;
        }
        self.stream.end_plain_items()?;
        Ok(added)
    }

    /// `[-0, +0, -]`
    fn add_iterable(&mut self, table: c_int, source: Borrowed<'_>, index: i64) -> Result<i64, Raised> {
        let iterator = call::iterate(self.locked.gil, source)?;
        self.stream.open_list(table, index, 0);
        while let Some(value) = call::next(self.locked.gil, iterator.borrow())? {
            self.add_item(value.borrow())?;
        }
        Ok(self.stream.index())
    }

    /// `[-0, +0, -]`
    #[inline(always)]
    fn add_item(&mut self, value: Borrowed<'_>) -> Result<(), Raised> {
        match exact_number(value) {
            Some(number) => self.stream.add_number(number),
            None => self.add_value(value)?,
        }
        self.stream.end_element()
    }

    /// `[-0, +0, -]` Copies what a Lua table has.
    fn add_copy(&mut self, table: c_int, source: Borrowed<'_>) -> Result<(), Raised> {
        self.stream.slots().add_copy(table);
        self.locked.marshal(self.stream.slots(), source)?;
        self.stream.end_element()
    }

    /// `[-0, +0, -]` Subclasses of dict have a say in their items.
    fn add_dict(&mut self, table: c_int, dict: Borrowed<'_>) -> Result<(), Raised> {
        // SAFETY: the GIL is held, the dict alive.
        unsafe {
            if PyDict_CheckExact(dict.as_ptr()) != 0 {
                self.stream.open_pairs(table, usize::try_from(PyDict_Size(dict.as_ptr())).unwrap_or(0));
                return self.walk(dict);
            }
            let items = Owned::from_new(PyMapping_Items(dict.as_ptr()))?;
            self.add_pairs(table, items.borrow())
        }
    }

    /// `[-0, +0, -]` Adds the pairs of an exact dict. As long as no code runs that could change it, it is walked as it is. Then
    /// follows what is left of it at that time.
    fn walk(&mut self, dict: Borrowed<'_>) -> Result<(), Raised> {
        let mut walk = DictWalk { dict, position: 0 };
        while let Some((key, value)) = walk.next() {
            let has_key = self.add_plain_key(key)?;
            let is_added = has_key && self.add_plain_value(value)?;
            if is_added && !self.stream.is_full() {
                continue;
            }
            let (key, value) = (key.hold(), value.hold());
            let rest: Vec<(Owned, Owned)> = walk.map(|(key, value)| (key.hold(), value.hold())).collect();
            if !has_key {
                self.add_key(key.borrow())?;
            }
            if !is_added {
                self.add_value(value.borrow())?;
            }
            self.stream.end_element()?;
            return rest.into_iter().try_for_each(|(key, value)| self.add_pair(key.borrow(), value.borrow()));
        }
        Ok(())
    }

    /// `[-0, +0, -]` Adds what `items()` gives.
    fn add_pairs(&mut self, table: c_int, items: Borrowed<'_>) -> Result<(), Raised> {
        let iterator = call::iterate(self.locked.gil, items)?;
        self.stream.open_pairs(table, 0);
        while let Some(pair) = call::next(self.locked.gil, iterator.borrow())? {
            // SAFETY: the pair is held, and read only if it is one.
            unsafe {
                if PyTuple_Check(pair.as_ptr()) == 0 || PyTuple_GET_SIZE(pair.as_ptr()) != 2 {
                    let message = "items() of a mapping must give pairs of key and value";
                    return Err(raise_type_error(self.locked.gil, message));
                }
                let key = Borrowed::from_ptr(PyTuple_GET_ITEM(pair.as_ptr(), 0));
                self.add_pair(key, Borrowed::from_ptr(PyTuple_GET_ITEM(pair.as_ptr(), 1)))?;
            }
        }
        Ok(())
    }

    /// `[-0, +0, -]`
    fn add_mapping(&mut self, table: c_int, mapping: Borrowed<'_>) -> Result<(), Raised> {
        let keys = call::iterate(self.locked.gil, mapping)?;
        self.stream.open_pairs(table, 0);
        while let Some(key) = call::next(self.locked.gil, keys.borrow())? {
            // SAFETY: the GIL is held, both are alive.
            let value = unsafe { Owned::from_new(PyObject_GetItem(mapping.as_ptr(), key.as_ptr()))? };
            self.add_pair(key.borrow(), value.borrow())?;
        }
        Ok(())
    }

    /// `[-0, +0, -]`
    fn add_pair(&mut self, key: Borrowed<'_>, value: Borrowed<'_>) -> Result<(), Raised> {
        self.add_key(key)?;
        self.add_value(value)?;
        self.stream.end_element()
    }

    /// `[-0, +0, -]` Adds a key; `None` is `python.none`.
    fn add_key(&mut self, key: Borrowed<'_>) -> Result<(), Raised> {
        if self.add_plain_key(key)? { Ok(()) } else { self.add_value(key) }
    }

    /// `[-0, +0, -]`
    fn add_plain_key(&mut self, key: Borrowed<'_>) -> Result<bool, Raised> {
        if key.is_none() {
            return self.locked.marshal_not_nil(self.stream.slots(), key).map(|()| true);
        }
        self.add_plain_value(key)
    }

    /// `[-0, +0, -]` Adds a key or value: a table of its own, if it is a container and those are converted.
    fn add_value(&mut self, value: Borrowed<'_>) -> Result<(), Raised> {
        if self.add_plain_value(value)? {
            return Ok(());
        }
        // Whatever runs now may take it from where it is.
        let value = value.hold();
        if self.depth == Depth::Recursive && self.is_container(value.borrow())? {
            self.add_container(value.borrow());
            return Ok(());
        }
        self.locked.marshal(self.stream.slots(), value.borrow())
    }

    /// `[-0, +0, -]` Adds a key or value if that runs no code; otherwise false.
    #[inline(always)]
    fn add_plain_value(&mut self, value: Borrowed<'_>) -> Result<bool, Raised> {
        if self.locked.marshal_plain(self.stream.slots(), value)? {
            return Ok(true);
        }
        Ok(self.add_known(value))
    }

    /// Adds an object, or the table of a container, if that runs no code; otherwise false.
    fn add_known(&mut self, value: Borrowed<'_>) -> bool {
        if self.depth == Depth::Flat {
            return self.locked.marshal_known_object(self.stream.slots(), value);
        }
        let is_container = is_exactly_list_or_tuple(value) || is_exactly_dict(value);
        if is_container {
            self.add_container(value);
        }
        is_container
    }

    /// Adds the table of a container, which is queued when it is met first.
    fn add_container(&mut self, container: Borrowed<'_>) {
        let address = container.as_ptr().addr();
        if let Some((_, table)) = self.known.get(&address) {
            self.stream.slots().add_table(*table);
            return;
        }
        let table = self.stream.add_new_table(expected(container));
        self.known.insert(address, (container.hold(), table));
        self.pending.push((container.hold(), table));
    }

    /// Is it a list, a tuple, a dict, or any sequence or mapping that does not become a string?
    fn is_container(&self, value: Borrowed<'_>) -> Result<bool, Raised> {
        let is_a = |flags| value.has_feature(flags);
        if is_a(Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_TUPLE_SUBCLASS | Py_TPFLAGS_DICT_SUBCLASS) {
            return Ok(true);
        }
        // SAFETY: the object is alive.
        let is_float = unsafe { PyFloat_Check(value.as_ptr()) != 0 };
        if is_a(Py_TPFLAGS_BYTES_SUBCLASS | Py_TPFLAGS_LONG_SUBCLASS) || is_float || value.is_none() {
            return Ok(false);
        }
        if is_a(Py_TPFLAGS_UNICODE_SUBCLASS) && self.locked.runtime.options.encoding.is_some() {
            return Ok(false);
        }
        if self.locked.as_wrapper(value)?.is_some() {
            return Ok(false);
        }
        let types = &self.locked.runtime.types;
        Ok(self.is_a(value, types.sequence)? || self.is_a(value, types.mapping)?)
    }

    /// `isinstance(value, class)`, for a class of `collections.abc`.
    fn is_a(&self, value: Borrowed<'_>, class: *mut PyObject) -> Result<bool, Raised> {
        // SAFETY: the module keeps the class.
        call::is_instance(self.locked.gil, value, unsafe { Borrowed::from_ptr(class) })
    }
}

/// Hashes addresses of objects: they differ, and scripts do not choose them.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        // The multiplier is 2^64 divided by the golden ratio; the map looks at the upper bits as well as at the lower ones.
        let product = (self.0 ^ (address as u64 >> 4)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
