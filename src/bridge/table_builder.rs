//! `table_from`: Python mappings and iterables as Lua tables. Entries are collected as triples of slots (table, key, value)
//! and set in batches, so that memory stays flat; between two batches the tables lie in a registry slot.

use std::collections::HashMap;
use std::ffi::c_int;

use crate::ffi::python::*;

use crate::lua::references::Reference;
use crate::lua::stack::Type;
use crate::py::error::{check, raise_type_error};
use crate::py::{Borrowed, Owned, Raised, call};

use super::crossing::Locked;
use super::errors;
use super::operation::{Body, Operation};

/// Slots of one batch.
const BATCH: usize = 3 * 512;

/// How containers inside of containers are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// They become wrapped Python objects.
    Flat,
    /// They become tables too; one table for each object, however often it is met.
    Recursive,
}

/// The tables that are being built; the result is the first.
pub(crate) struct TableBuilder<'l, 'rt> {
    locked: &'l Locked<'rt>,
    depth: Depth,
    operation: Operation,
    /// The array of new tables, once the first batch has run.
    tables: Option<Reference>,
    /// Containers that wait to be converted, and the numbers of their tables.
    pending: Vec<(Owned, c_int)>,
    /// The tables of the containers met so far; the objects are kept alive, so that their addresses stay theirs.
    known: HashMap<usize, (Owned, c_int)>,
    next_table: c_int,
    /// The tables up to this number were made by earlier batches.
    complete: c_int,
}

impl<'l, 'rt> TableBuilder<'l, 'rt> {
    pub(crate) fn new(locked: &'l Locked<'rt>, depth: Depth) -> TableBuilder<'l, 'rt> {
        let mut builder = TableBuilder {
            locked,
            depth,
            operation: Operation::new(locked.runtime),
            tables: None,
            pending: Vec::new(),
            known: HashMap::new(),
            next_table: 2,
            complete: 0,
        };
        builder.start_batch();
        builder
    }

    /// Adds the content of all sources to the first table. Values of iterables get one running index.
    pub(crate) fn add_sources(&mut self, sources: &[Borrowed<'_>]) -> Result<(), Raised> {
        let mut index = 1;
        for source in sources {
            self.remember(*source, 1);
            self.add_content(1, *source, &mut index)?;
        }
        while let Some((container, table)) = self.pending.pop() {
            self.add_content(table, container.borrow(), &mut 1)?;
        }
        Ok(())
    }

    /// `[-0, +0, -]` The first table, as a registry slot that goes to the caller.
    pub(crate) fn finish(mut self) -> Result<Owned, Raised> {
        // An empty table has no entry that would create it.
        self.operation.slots.add_new_table(1);
        self.operation.slots.add_nil();
        self.operation.slots.add_nil();
        self.run_batch()?;
        let tables = self.tables.ok_or_else(|| errors::raise_lost_reference(self.locked))?;
        let mut operation = Operation::new(self.locked.runtime);
        operation.slots.add_reference(tables, None);
        operation.slots.add_integer(1);
        let results = self.locked.perform(Body::Get, &mut operation)?;
        if self.locked.state().type_of(results.index(0)) != Type::Table {
            return Err(errors::raise_lost_reference(self.locked));
        }
        self.locked.wrap(results.index(0), self.locked.runtime.types.table)
    }

    /// Adds the content of one container to a table.
    fn add_content(&mut self, table: c_int, source: Borrowed<'_>, index: &mut i64) -> Result<(), Raised> {
        // SAFETY: the object is alive.
        if unsafe { PyDict_Check(source.as_ptr()) } != 0 {
            return self.add_dict(table, source);
        }
        if self.locked.as_wrapper(source)?.is_some() && source.type_ptr() == self.locked.runtime.types.table {
            self.operation.slots.add_new_table(table);
            self.operation.slots.add_copy();
            self.locked.marshal(&mut self.operation.slots, source)?;
            return self.end_entry();
        }
        if self.is_a(source, c"Mapping")? {
            return self.add_mapping(table, source);
        }
        let iterator = call::iterate(self.locked.gil, source)?;
        while let Some(value) = call::next(self.locked.gil, iterator.borrow())? {
            self.add_indexed(table, *index, value.borrow())?;
            *index += 1;
        }
        Ok(())
    }

    fn add_indexed(&mut self, table: c_int, index: i64, value: Borrowed<'_>) -> Result<(), Raised> {
        let slots = &mut self.operation.slots;
        slots.add_new_table(table);
        slots.add_integer(index as crate::ffi::lua::lua_Integer);
        self.add_value(value)?;
        self.end_entry()
    }

    /// A dict is walked over a copy of its items: converting them may run any code. Subclasses have a say in the items.
    fn add_dict(&mut self, table: c_int, dict: Borrowed<'_>) -> Result<(), Raised> {
        // SAFETY: the GIL is held, the dict alive; each item is held and checked to be a pair before it is read.
        unsafe {
            let items = if PyDict_CheckExact(dict.as_ptr()) != 0 {
                Owned::from_new(PyDict_Items(dict.as_ptr()))?
            } else {
                Owned::from_new(PyMapping_Items(dict.as_ptr()))?
            };
            let iterator = call::iterate(self.locked.gil, items.borrow())?;
            while let Some(pair) = call::next(self.locked.gil, iterator.borrow())? {
                if PyTuple_Check(pair.as_ptr()) == 0 || PyTuple_GET_SIZE(pair.as_ptr()) != 2 {
                    let message = "items() of a mapping must give pairs of key and value";
                    return Err(raise_type_error(self.locked.gil, message));
                }
                let key = Borrowed::from_ptr(PyTuple_GET_ITEM(pair.as_ptr(), 0));
                let value = Borrowed::from_ptr(PyTuple_GET_ITEM(pair.as_ptr(), 1));
                self.add_pair(table, key, value)?;
            }
        }
        Ok(())
    }

    fn add_mapping(&mut self, table: c_int, mapping: Borrowed<'_>) -> Result<(), Raised> {
        let keys = call::iterate(self.locked.gil, mapping)?;
        while let Some(key) = call::next(self.locked.gil, keys.borrow())? {
            // SAFETY: the GIL is held, both are alive.
            let value =
                unsafe { Owned::from_new(crate::ffi::python::PyObject_GetItem(mapping.as_ptr(), key.as_ptr()))? };
            self.add_pair(table, key.borrow(), value.borrow())?;
        }
        Ok(())
    }

    fn add_pair(&mut self, table: c_int, key: Borrowed<'_>, value: Borrowed<'_>) -> Result<(), Raised> {
        self.operation.slots.add_new_table(table);
        if key.is_none() {
            self.locked.marshal_not_nil(&mut self.operation.slots, key)?;
        } else {
            self.add_value(key)?;
        }
        self.add_value(value)?;
        self.end_entry()
    }

    /// Adds a key or value: a table of its own, if it is a container and those are converted.
    fn add_value(&mut self, value: Borrowed<'_>) -> Result<(), Raised> {
        if self.depth == Depth::Recursive && self.is_container(value)? {
            let table = self.table_of(value);
            self.operation.slots.add_new_table(table);
            return Ok(());
        }
        self.locked.marshal(&mut self.operation.slots, value)
    }

    /// The number of the table for a container, which is queued when it is met first.
    fn table_of(&mut self, container: Borrowed<'_>) -> c_int {
        if let Some((_, table)) = self.known.get(&(container.as_ptr() as usize)) {
            return *table;
        }
        let table = self.next_table;
        self.next_table += 1;
        self.remember(container, table);
        self.pending.push((container.hold(), table));
        table
    }

    fn remember(&mut self, container: Borrowed<'_>, table: c_int) {
        if self.depth == Depth::Recursive {
            self.known.entry(container.as_ptr() as usize).or_insert_with(|| (container.hold(), table));
        }
    }

    /// Is it a list, a dict, or any sequence or mapping that does not become a string?
    fn is_container(&self, value: Borrowed<'_>) -> Result<bool, Raised> {
        // SAFETY: the object is alive.
        let (is_container, is_text, is_scalar) = unsafe {
            (
                PyList_Check(value.as_ptr()) != 0 || PyDict_Check(value.as_ptr()) != 0,
                PyUnicode_Check(value.as_ptr()) != 0,
                PyBytes_Check(value.as_ptr()) != 0
                    || PyLong_Check(value.as_ptr()) != 0
                    || PyFloat_Check(value.as_ptr()) != 0
                    || value.is_none(),
            )
        };
        if is_container || is_scalar || is_text && self.locked.runtime.options.encoding.is_some() {
            return Ok(is_container);
        }
        if self.locked.as_wrapper(value)?.is_some() {
            return Ok(false);
        }
        Ok(self.is_a(value, c"Sequence")? || self.is_a(value, c"Mapping")?)
    }

    /// `isinstance(value, collections.abc.<name>)`.
    fn is_a(&self, value: Borrowed<'_>, name: &std::ffi::CStr) -> Result<bool, Raised> {
        let gil = self.locked.gil;
        let class = call::attribute(gil, call::import(gil, c"collections.abc")?.borrow(), name)?;
        call::is_instance(gil, value, class.borrow())
    }

    /// An entry is complete; a full batch is set.
    fn end_entry(&mut self) -> Result<(), Raised> {
        if self.operation.slots.len() > BATCH { self.run_batch() } else { Ok(()) }
    }

    fn start_batch(&mut self) {
        let slots = &mut self.operation.slots;
        match self.tables {
            Some(tables) => slots.add_reference(tables, None),
            None => slots.add_nil(),
        }
    }

    /// `[-0, +0, -]` Sets the entries collected so far.
    fn run_batch(&mut self) -> Result<(), Raised> {
        self.operation.for_c.number = self.complete;
        self.complete = self.next_table - 1;
        let results = self.locked.perform(Body::Fill, &mut self.operation)?;
        if self.tables.is_none() {
            self.tables = Some(self.locked.refer(results.index(0))?);
        }
        drop(results);
        // SAFETY: the GIL is held; a long build lets signal handlers run.
        check(unsafe { PyErr_CheckSignals() })?;
        self.start_batch();
        Ok(())
    }
}

impl Drop for TableBuilder<'_, '_> {
    fn drop(&mut self) {
        if let Some(tables) = self.tables.take() {
            self.locked.runtime.references.give_up(tables);
        }
    }
}

/// A new table from the sources; see [`TableBuilder`].
pub(crate) fn table_from(locked: &Locked<'_>, sources: &[Borrowed<'_>], depth: Depth) -> Result<Owned, Raised> {
    let mut builder = TableBuilder::new(locked, depth);
    builder.add_sources(sources)?;
    builder.finish()
}
