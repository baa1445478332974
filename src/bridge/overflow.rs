//! The overflow handler: who converts an integer that Lua cannot represent.

use crate::ffi::python::PyLong_Check;
use crate::lua::guard::effect;

use crate::ffi::lua as ffi;
use crate::lua::references::Reference;
use crate::py::error::{clear_unless_memory, raise_value_error};
use crate::py::{Borrowed, Owned, Raised, args, call, object};

use super::crossing::Locked;
use super::operation::{Body, Operation};
use super::options::OverflowHandler;
use super::slots::Slots;

impl Locked<'_> {
    /// `[-0, +0, -]` Adds what the handler makes of an integer. Whatever goes wrong there, the error is the original
    /// OverflowError, unless there was no memory.
    pub(crate) fn marshal_overflow(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<(), Raised> {
        let handler = self.runtime.options.overflow_handler.borrow().clone();
        let result = match handler {
            OverflowHandler::None => return Err(self.raise_overflow()),
            OverflowHandler::Python(handler) => call::call(self.gil, handler.borrow(), &[value]),
            OverflowHandler::Lua(reference) => self.call_lua_handler(reference, value),
        };
        result.and_then(|result| self.marshal_handled(slots, result.borrow())).or_else(|raised| {
            clear_unless_memory(self.gil, raised)?;
            Err(self.raise_overflow())
        })
    }

    /// `[-0, +0, -]` Adds the handler's result; it must not overflow again.
    fn marshal_handled(&self, slots: &mut Slots, result: Borrowed<'_>) -> Result<(), Raised> {
        // SAFETY: the object is alive.
        let is_int = unsafe { PyLong_Check(result.as_ptr()) != 0 };
        if is_int && self.exact_integer(result)?.is_none() {
            return Err(self.raise_overflow());
        }
        self.marshal(slots, result)
    }

    /// `[-0, +0, -]` Calls a handler that is a Lua function; it gets the integer as an object.
    fn call_lua_handler(&self, handler: Reference, value: Borrowed<'_>) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let mut operation = Operation::new(self.runtime);
        operation.slots.add_reference(handler, None);
        operation.slots.add_object(value.hold(), ffi::LUPA_ATTRIBUTES);
        let results = self.perform(Body::Call, &mut operation)?;
        if results.count() == 0 { Ok(object::none()) } else { self.unmarshal(results.index(0)) }
    }

    /// `[-0, +0, -]` Installs a handler: `None`, a Lua function, or anything else that can be called.
    pub(crate) fn set_overflow_handler(&self, handler: Borrowed<'_>) -> Result<(), Raised> {
        if handler.is_none() {
            self.replace_overflow_handler(OverflowHandler::None);
            return Ok(());
        }
        if !args::is_callable(self.gil, handler) {
            return Err(raise_value_error(self.gil, "overflow_handler must be callable"));
        }
        let handler = match self.as_wrapper(handler)? {
            Some(wrapper) => OverflowHandler::Lua(self.duplicate(wrapper.reference)?),
            None => OverflowHandler::Python(handler.hold()),
        };
        self.replace_overflow_handler(handler);
        Ok(())
    }

    fn replace_overflow_handler(&self, handler: OverflowHandler) {
        let old = self.runtime.options.overflow_handler.replace(handler);
        match old {
            OverflowHandler::Lua(reference) => self.runtime.references.give_up(reference),
            OverflowHandler::Python(object) => self.runtime.release(object),
            OverflowHandler::None => {}
        }
    }

    /// `[-0, +0, -]` Another registry slot for what a reference refers to.
    pub(crate) fn duplicate(&self, reference: Reference) -> Result<Reference, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        state.push_registry(reference.slot);
        let index = state.top();
        let result = if state.address(index) == reference.address && state.tag(index) == reference.tag {
            self.refer(index)
        } else {
            Err(super::errors::raise_lost_reference(self))
        };
        state.drop_to(index - 1);
        result
    }
}
