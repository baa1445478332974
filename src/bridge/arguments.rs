//! Positional and named arguments from a Lua table, for `python.args` and the `unpacks_lua_table` decorators.

use std::ffi::c_int;

use crate::ffi::python::*;
use crate::lua::guard::effect;

use crate::lua::stack::{Number, Type};
use crate::py::error::{check, raise_index_error, raise_type_error};
use crate::py::{Borrowed, Owned, Raised, args, object, text};

use super::crossing::Locked;
use super::operation::{Body, Operation};
use super::wrapper::LuaObject;

/// The longest tuple that a table may claim to be; a `__len` metamethod can say anything.
const MAX_LENGTH: i64 = 1 << 24;

/// A tuple and a dict.
pub(crate) type PositionalAndNamed = (Owned, Owned);

impl Locked<'_> {
    /// `[-0, +0, -]` Reads arguments from the stack: `#t` at `first`, then pairs up to the top.
    ///
    /// Integer keys from 1 to `#t` are positions (`None` where one is missing), strings are names. Raises IndexError for
    /// any other integer key and TypeError for any other key.
    pub(crate) fn read_arguments(&self, first: c_int) -> Result<PositionalAndNamed, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        let length = match (state.type_of(first), state.read_number(first)) {
            (Type::Number, Number::Integer(length)) if length <= MAX_LENGTH => length.max(0),
            _ => return Err(raise_index_error(self.gil, "table index out of range")),
        };
        let mut positional: Vec<Option<Owned>> = Vec::new();
        positional.resize_with(usize::try_from(length).unwrap_or(0), || None);
        // SAFETY: the GIL is held.
        let named = unsafe { Owned::from_new(PyDict_New())? };
        let top = state.top();
        for index in (first + 1..top).step_by(2) {
            let value = self.unmarshal(index + 1)?;
            match self.position(index, length)? {
                Some(position) => positional[position] = Some(value),
                None => {
                    let name = self.argument_name(index)?;
                    // SAFETY: the GIL is held, all are alive.
                    check(unsafe { PyDict_SetItem(named.as_ptr(), name.as_ptr(), value.as_ptr()) })?;
                }
            }
        }
        let positional = positional.into_iter().map(|value| value.unwrap_or_else(object::none));
        Ok((args::tuple(self.gil, positional)?, named))
    }

    /// `[-0, +0, -]` The position, counted from 0, that the key at `index` stands for; nothing if it is not a number.
    fn position(&self, index: c_int, length: i64) -> Result<Option<usize>, Raised> {
        if self.state().type_of(index) != Type::Number {
            return Ok(None);
        }
        match self.state().read_number(index) {
            Number::Integer(key) if (1..=length).contains(&key) => Ok(usize::try_from(key - 1).ok()),
            Number::Integer(_) => Err(raise_index_error(self.gil, "table index out of range")),
            Number::Float(_) => Err(self.raise_bad_key()),
        }
    }

    /// `[-0, +0, -]` The name that the key at `index` is.
    fn argument_name(&self, index: c_int) -> Result<Owned, Raised> {
        if self.state().type_of(index) != Type::String {
            return Err(self.raise_bad_key());
        }
        let bytes = self.state().read_string(index);
        let options = &self.runtime.options;
        text::decode(self.gil, bytes, options.encoding.as_ref().unwrap_or(&options.source_encoding))
    }

    fn raise_bad_key(&self) -> Raised {
        raise_type_error(self.gil, "table key is neither an integer nor a string")
    }

    /// `[-0, +0, -]` The arguments in a table that Python has.
    pub(crate) fn unpack_table(&self, table: &LuaObject) -> Result<PositionalAndNamed, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let mut operation = Operation::new(self.runtime);
        operation.slots.add_reference(table.reference, None);
        let results = self.perform(Body::Expand, &mut operation)?;
        self.read_arguments(results.index(0))
    }

    /// Adds what an arguments object holds to the arguments of a call.
    pub(crate) fn merge_arguments(
        &self,
        positional: &mut Vec<Owned>,
        named: &mut Option<Owned>,
        (more_positional, more_named): (Borrowed<'_>, Borrowed<'_>),
    ) -> Result<(), Raised> {
        // SAFETY: the GIL is held; the tuple and the dict are alive, and no other code runs while they are walked.
        unsafe {
            for position in 0..PyTuple_GET_SIZE(more_positional.as_ptr()) {
                positional.push(Borrowed::from_ptr(PyTuple_GET_ITEM(more_positional.as_ptr(), position)).hold());
            }
            let named = match named {
                Some(named) => named,
                None => named.insert(Owned::from_new(PyDict_New())?),
            };
            let (mut place, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
            while PyDict_Next(more_named.as_ptr(), &raw mut place, &raw mut key, &raw mut value) != 0 {
                if PyDict_Contains(named.as_ptr(), key) == 1 {
                    let name = text::to_string(self.gil, Borrowed::from_ptr(key))?;
                    let message = format!("function() got multiple values for keyword argument '{name}'");
                    return Err(raise_type_error(self.gil, &message));
                }
                check(PyDict_SetItem(named.as_ptr(), key, value))?;
            }
        }
        Ok(())
    }
}
