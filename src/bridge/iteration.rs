//! Loops of Lua over Python iterables: `python.iter`, `iterex` and `enumerate`.

use std::ffi::{c_int, c_uint};

use pyo3_ffi::{PyTuple_Check, PyTuple_GET_SIZE};

use crate::ffi::lua as ffi;
use crate::lua::stack::Number;
use crate::py::{Borrowed, Owned, Raised, call};

use super::crossing::Locked;
use super::slots::Slots;

impl Locked<'_> {
    /// Adds a new iterator over `object` as a box; how it yields is part of its protocol.
    pub(crate) fn marshal_iterator(&self, slots: &mut Slots, object: Borrowed<'_>, way: c_uint) -> Result<(), Raised> {
        let iterator = call::iterate(self.gil, object)?;
        let explode = if self.runtime.options.unpack_returned_tuples { ffi::LUPA_EXPLODE } else { 0 };
        slots.add_object(iterator, way | explode);
        Ok(())
    }

    /// `[-0, +0, -]` Adds the next values of an iterator, or nil at its end. The control variable is at stack index 2.
    pub(crate) fn marshal_next(&self, slots: &mut Slots, iterator: &Owned, protocol: c_uint) -> Result<(), Raised> {
        // A method of any object can be called as `next`; Python says what is no iterator.
        let Some(item) = self.next_item(iterator)? else {
            slots.add_nil();
            return Ok(());
        };
        let counts = protocol & ffi::LUPA_COUNT != 0;
        if counts {
            self.marshal_count(slots, 2);
        }
        // SAFETY: the object is alive.
        let explode = protocol & ffi::LUPA_EXPLODE != 0 && unsafe { PyTuple_Check(item.as_ptr()) != 0 };
        if !explode {
            return if counts {
                self.marshal(slots, item.borrow())
            } else {
                self.marshal_not_nil(slots, item.borrow())
            };
        }
        self.marshal_exploded(slots, &item, counts)
    }

    /// Adds the items of a tuple. Lua ends a loop when the first value is nil: there `None` is `python.none`, and so is an
    /// empty tuple.
    fn marshal_exploded(&self, slots: &mut Slots, item: &Owned, counts: bool) -> Result<(), Raised> {
        if counts {
            return self.marshal_items(slots, item);
        }
        // SAFETY: the object is a tuple, and keeps its items alive.
        unsafe {
            let none = pyo3_ffi::Py_None();
            let size = PyTuple_GET_SIZE(item.as_ptr());
            let first = if size == 0 { none } else { pyo3_ffi::PyTuple_GET_ITEM(item.as_ptr(), 0) };
            self.marshal_not_nil(slots, Borrowed::from_ptr(first))?;
            for position in 1..size {
                self.marshal(slots, Borrowed::from_ptr(pyo3_ffi::PyTuple_GET_ITEM(item.as_ptr(), position)))?;
            }
        }
        Ok(())
    }

    fn next_item(&self, iterator: &Owned) -> Result<Option<Owned>, Raised> {
        // SAFETY: the object is alive.
        if unsafe { pyo3_ffi::PyIter_Check(iterator.as_ptr()) } == 0 {
            let name = crate::py::text::type_name(iterator.borrow());
            return Err(crate::py::error::raise_type_error(self.gil, &format!("'{name}' object is not an iterator")));
        }
        call::next(self.gil, iterator.borrow())
    }

    /// `[-0, +0, -]` Adds the number after the one at `index`.
    fn marshal_count(&self, slots: &mut Slots, index: c_int) {
        match self.state().read_number(index) {
            Number::Integer(count) => slots.add_integer(count.wrapping_add(1) as ffi::lua_Integer),
            Number::Float(count) => slots.add_number((count + 1.0) as ffi::lua_Number),
        }
    }
}
