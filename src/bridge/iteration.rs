//! Loops of Lua over Python iterables: `python.iter`, `iterex` and `enumerate`.

use std::ffi::{c_int, c_uint};

use crate::ffi::python::{PyTuple_Check, PyTuple_GET_SIZE};
use crate::lua::guard::effect;

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

    /// `[-0, +0, -]` Adds what an iterator has yielded. The control variable is at stack index 2.
    pub(crate) fn marshal_item(&self, slots: &mut Slots, item: &Owned, protocol: c_uint) -> Result<(), Raised> {
        effect!(self.state(), "[-0, +0, -]");
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
        self.marshal_exploded(slots, item, counts)
    }

    /// `[-0, +0, -]` Adds the items of a tuple. Lua ends a loop when the first value is nil: there `None` is `python.none`, and
    /// so is an empty tuple.
    fn marshal_exploded(&self, slots: &mut Slots, item: &Owned, counts: bool) -> Result<(), Raised> {
        if counts {
            return self.marshal_items(slots, item);
        }
        // SAFETY: the object is a tuple, and keeps its items alive.
        unsafe {
            let none = crate::ffi::python::Py_None();
            let size = PyTuple_GET_SIZE(item.as_ptr());
            let first = if size == 0 { none } else { crate::ffi::python::PyTuple_GET_ITEM(item.as_ptr(), 0) };
            self.marshal_not_nil(slots, Borrowed::from_ptr(first))?;
            for position in 1..size {
                self.marshal(slots, Borrowed::from_ptr(crate::ffi::python::PyTuple_GET_ITEM(item.as_ptr(), position)))?;
            }
        }
        Ok(())
    }

    /// The next item of an iterator. A method of any object can be called as `next`; Python says what is no iterator.
    pub(crate) fn next_item(&self, iterator: &Owned) -> Result<Option<Owned>, Raised> {
        // SAFETY: the object is alive.
        if unsafe { crate::ffi::python::PyIter_Check(iterator.as_ptr()) } == 0 {
            let name = crate::py::text::type_name(iterator.borrow());
            return Err(crate::py::error::raise_type_error(self.gil, &format!("'{name}' object is not an iterator")));
        }
        call::next(self.gil, iterator.borrow())
    }

    /// `[-0, +1, -]` Pushes the number after the one at `index`.
    pub(crate) fn push_count(&self, index: c_int) {
        effect!(self.state(), "[-0, +1, -]");
        let state = self.state();
        // SAFETY: the state is live and has room.
        unsafe {
            match state.read_number(index) {
                Number::Integer(count) => {
                    ffi::lua_pushinteger(state.as_ptr(), count.wrapping_add(1) as ffi::lua_Integer)
                }
                Number::Float(count) => ffi::lua_pushnumber(state.as_ptr(), (count + 1.0) as ffi::lua_Number),
            }
        }
    }

    /// `[-0, +0, -]` Adds the number after the one at `index`.
    fn marshal_count(&self, slots: &mut Slots, index: c_int) {
        match self.state().read_number(index) {
            Number::Integer(count) => slots.add_integer(count.wrapping_add(1) as ffi::lua_Integer),
            Number::Float(count) => slots.add_number((count + 1.0) as ffi::lua_Number),
        }
    }
}
