//! The stream of slots from which `lua/build.h` builds tables. It is handed over in batches, so that memory stays flat; between
//! two of them the tables lie in a registry slot.

use std::ffi::c_int;

use crate::ffi::lua::LupaNumber;
use crate::ffi::python::PyErr_CheckSignals;
use crate::lua::guard::effect;
use crate::lua::numbers::Exact;
use crate::lua::references::Reference;
use crate::lua::stack::Type;
use crate::py::error::check;
use crate::py::{Borrowed, Owned, Raised};

use super::crossing::{Locked, Results};
use super::errors;
use super::marshal::exact_number;
use super::operation::{Body, Operation};
use super::slots::{Expected, Run, Slots};

/// Slots and numbers of one batch, about.
const BATCH: usize = 2048;

/// Numbers of a source whose length is not known, to begin with.
const FEW: usize = 32;

/// The number of the table that is the result.
pub(crate) const RESULT: c_int = 1;

/// What the slots that are added now are for.
#[derive(Clone, Copy)]
enum Section {
    None,
    List(c_int),
    Pairs(c_int),
}

/// See the module.
pub(crate) struct TableStream<'l, 'rt> {
    locked: &'l Locked<'rt>,
    operation: Operation,
    /// The numbers of the runs, which are items without a slot of their own.
    numbers: Vec<LupaNumber>,
    /// The run that numbers are added to now, and where it begins.
    run: Run,
    run_start: usize,
    /// So many elements are expected.
    expected: usize,
    section: Section,
    /// Of the next item of a list.
    index: i64,
    /// How many tables there are.
    last_table: c_int,
    /// The array of the tables, once the first batch has run.
    tables: Option<Reference>,
}

impl<'l, 'rt> TableStream<'l, 'rt> {
    /// Inlined, so that it is made where it stays.
    #[inline(always)]
    pub(crate) fn new(locked: &'l Locked<'rt>) -> TableStream<'l, 'rt> {
        TableStream {
            locked,
            operation: Operation::new(locked.runtime),
            numbers: Vec::new(),
            run: Run::Integers,
            run_start: 0,
            expected: 0,
            section: Section::None,
            index: 0,
            last_table: RESULT,
            tables: None,
        }
    }

    /// The result will be a new table of about this size.
    pub(crate) fn begin(&mut self, expected: Expected) {
        self.operation.slots.add_nil();
        self.operation.slots.add_new_table(RESULT, expected);
    }

    /// Where keys and values go. Each value, and each item of a list, is followed by `end_element`.
    pub(crate) fn slots(&mut self) -> &mut Slots {
        self.end_run();
        &mut self.operation.slots
    }

    /// Adds a new table as a key or value. Its number.
    pub(crate) fn add_new_table(&mut self, expected: Expected) -> c_int {
        self.last_table += 1;
        let number = self.last_table;
        self.slots().add_new_table(number, expected);
        number
    }

    /// `[-0, +0, -]` From now on items of a table are added, with this index first.
    pub(crate) fn open_list(&mut self, table: c_int, index: i64, expected: usize) {
        self.index = index;
        self.open(Section::List(table), expected);
    }

    /// `[-0, +0, -]` From now on keys and values of a table are added.
    pub(crate) fn open_pairs(&mut self, table: c_int, expected: usize) {
        self.open(Section::Pairs(table), expected.saturating_mul(2));
    }

    fn open(&mut self, section: Section, expected: usize) {
        self.section = section;
        self.expected = expected;
        self.end_run();
        let slots = &mut self.operation.slots;
        slots.expect((slots.len() + expected).min(BATCH) + 1);
        match section {
            Section::None => {}
            Section::List(table) => slots.add_list(table, self.index),
            Section::Pairs(table) => slots.add_pairs(table),
        }
    }

    /// The index that the next item of a list has.
    pub(crate) fn index(&self) -> i64 {
        self.index
    }

    /// Adds a number as an item of a list.
    #[inline]
    pub(crate) fn add_number(&mut self, number: Exact) {
        let (run, number) = in_run(number);
        if run != self.run {
            self.end_run();
            self.run = run;
        }
        if self.numbers.len() == self.numbers.capacity() {
            self.reserve_numbers();
        }
        // The capacity is known here, so that this only writes.
        self.numbers.push(number);
    }

    #[cold]
    fn reserve_numbers(&mut self) {
        let count = if self.numbers.is_empty() { self.expected.clamp(FEW, BATCH) } else { self.numbers.len() };
        self.numbers.reserve(count);
    }

    /// `[-0, +0, -]` Adds a number and those that follow it, as items of a list: as many as are of one kind and have room in
    /// the batch. How many that are; zero if the first value is no number that Lua has.
    pub(crate) fn add_numbers(&mut self, values: &[Borrowed<'_>]) -> Result<usize, Raised> {
        let Some(first) = values.first().and_then(|value| exact_number(*value)) else { return Ok(0) };
        self.add_number(first);
        let rest = &values[1..values.len().min(1 + BATCH.saturating_sub(self.size()))];
        let run = self.run;
        self.numbers.reserve(rest.len());
        let places = self.numbers.spare_capacity_mut().iter_mut();
        let more = places.zip(rest).map_while(|(place, value)| match in_run(exact_number(*value)?) {
            (kind, number) if kind == run => Some(place.write(number)),
            _ => None,
        });
        let more = more.count();
        // SAFETY: so many places were written.
        unsafe { self.numbers.set_len(self.numbers.len() + more) };
        self.index += more as i64;
        self.end_element()?;
        Ok(1 + more)
    }

    /// The numbers that were added last get their slot.
    fn end_run(&mut self) {
        let count = self.numbers.len() - self.run_start;
        if count > 0 {
            self.operation.slots.add_run(self.run, count);
            self.run_start = self.numbers.len();
        }
    }

    fn size(&self) -> usize {
        self.operation.slots.len() + self.numbers.len()
    }

    /// Is the batch full, so that Lua will run at the end of the element?
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.size() >= BATCH
    }

    /// `[-0, +0, -]` An item, or a pair, is complete.
    #[inline]
    pub(crate) fn end_element(&mut self) -> Result<(), Raised> {
        self.index += 1;
        if self.is_full() { self.run_batch() } else { Ok(()) }
    }

    /// A plain item, which is complete: as `end_element`, but what there is to build waits for that.
    #[inline]
    pub(crate) fn count_item(&mut self) {
        self.index += 1;
    }

    /// `[-0, +0, -]` Builds what was added so far, if that is enough for a batch.
    pub(crate) fn end_plain_items(&mut self) -> Result<(), Raised> {
        if self.is_full() { self.run_batch() } else { Ok(()) }
    }

    /// `[-0, +0, -]` Builds what was added so far, and begins a new batch in the same section.
    fn run_batch(&mut self) -> Result<(), Raised> {
        effect!(self.locked.state(), "[-0, +0, -]");
        let results = self.build(true)?;
        let tables = match self.tables {
            Some(tables) => tables,
            None => self.locked.refer(results.index(0))?,
        };
        drop(results);
        self.tables = Some(tables);
        // SAFETY: the GIL is held; a long build lets signal handlers run.
        check(unsafe { PyErr_CheckSignals() })?;
        self.operation.slots.add_reference(tables, None);
        self.operation.slots.add_table(RESULT);
        self.open(self.section, self.expected);
        Ok(())
    }

    /// `[-0, +0, -]` Builds what was added last. The result, which gets a wrapper.
    pub(crate) fn finish(&mut self) -> Result<Owned, Raised> {
        effect!(self.locked.state(), "[-0, +0, -]");
        let results = self.build(false)?;
        if self.locked.state().type_of(results.index(0)) != Type::Table {
            return Err(errors::raise_lost_reference(self.locked));
        }
        self.locked.wrap(results.index(0), self.locked.runtime.types.table)
    }

    /// `[-0, +handler+1, -]` The array of the tables if there is more to come, otherwise the result.
    fn build(&mut self, has_more: bool) -> Result<Results<'rt>, Raised> {
        self.end_run();
        let for_c = &mut self.operation.for_c;
        for_c.number = self.last_table;
        for_c.has_more = c_int::from(has_more);
        for_c.numbers = self.numbers.as_ptr();
        let results = self.locked.perform(Body::Fill, &mut self.operation);
        self.numbers.clear();
        self.run_start = 0;
        results
    }
}

impl Drop for TableStream<'_, '_> {
    fn drop(&mut self) {
        if let Some(tables) = self.tables.take() {
            self.locked.runtime.references.give_up(tables);
        }
    }
}

/// A number as an element of a run of this kind.
#[inline]
fn in_run(number: Exact) -> (Run, LupaNumber) {
    match number {
        Exact::Integer(integer) => (Run::Integers, LupaNumber { integer }),
        Exact::Number(number) => (Run::Numbers, LupaNumber { number }),
    }
}
