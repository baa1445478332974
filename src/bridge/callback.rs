//! Lua calls a Python object: the arguments, the rule for methods, the result.

use crate::ffi::python::*;
use crate::lua::guard::effect;

use std::ffi::{CStr, c_int};

use crate::ffi::python::{PyMethod_Self, PyMethod_Type};
use crate::lua::stack::Type;
use crate::py::call::CallArguments;
use crate::py::{Borrowed, Owned, Raised, args, call};
use crate::shared;

use super::crossing::Locked;
use super::slots::Slots;

impl Locked<'_> {
    /// `[-0, +0, -]` Calls `callable` with the values from stack index 2 on.
    pub(crate) fn call_object(&self, callable: Borrowed<'_>) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let mut arguments = CallArguments::new();
        for index in 2..=self.state().top() {
            let argument = self.unmarshal(index)?;
            let added = if shared::as_arguments(self.runtime.shared, argument.borrow()).is_some() {
                Err(argument)
            } else {
                arguments.add(argument)
            };
            if let Err(argument) = added {
                return self.call_with_many(callable, arguments, argument, index + 1);
            }
        }
        let first = self.is_self_given(callable, arguments.first())?;
        arguments.call(self.gil, callable, usize::from(first))
    }

    /// `[-0, +0, -]` Calls `callable` with more arguments than usual, or with named ones: those read already, the one that did
    /// not fit, and the values from stack index `next` on.
    fn call_with_many(
        &self,
        callable: Borrowed<'_>,
        before: CallArguments,
        argument: Owned,
        next: c_int,
    ) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let mut positional = before.into_vec();
        let mut named = None;
        let mut argument = argument;
        let mut index = next;
        loop {
            match shared::as_arguments(self.runtime.shared, argument.borrow()) {
                Some(more) => self.merge_arguments(&mut positional, &mut named, more)?,
                None => positional.push(argument),
            }
            if index > self.state().top() {
                break;
            }
            argument = self.unmarshal(index)?;
            index += 1;
        }
        let first = usize::from(self.is_self_given(callable, positional.first().map(Owned::borrow))?);
        match named {
            None => {
                let positional: Vec<Borrowed<'_>> = positional[first..].iter().map(Owned::borrow).collect();
                call::call(self.gil, callable, &positional)
            }
            Some(named) => {
                positional.drain(..first);
                call::call_with(self.gil, callable, &args::tuple(self.gil, positional)?, &named)
            }
        }
    }

    /// Is the first argument the object that a bound method is bound to? Lua's `object:method()` passes it; Python's method
    /// knows it already.
    ///
    /// Methods written in Python: whenever the first argument is their object (lupa's rule since 1.0). Builtin methods: only
    /// if that argument is the object itself in Lua, and not a value that was converted and happens to be the same.
    fn is_self_given(&self, callable: Borrowed<'_>, first: Option<Borrowed<'_>>) -> Result<bool, Raised> {
        let Some(first) = first else { return Ok(false) };
        // SAFETY: the objects are alive; each check precedes its access.
        unsafe {
            if callable.type_ptr() == &raw mut PyMethod_Type {
                return Ok(first.as_ptr() == PyMethod_Self(callable.as_ptr()));
            }
            if self.state().type_of(2) != Type::Userdata {
                return Ok(false);
            }
            if PyCFunction_Check(callable.as_ptr()) != 0 {
                let bound_to = PyCFunction_GetSelf(callable.as_ptr());
                // Functions of a module are bound to the module.
                return Ok(first.as_ptr() == bound_to && PyModule_Check(bound_to) == 0);
            }
            // The type of bound slots of builtin types, such as `[].__len__`, has no exported name since Python 3.13.
            if CStr::from_ptr((*callable.type_ptr()).tp_name) == c"method-wrapper" {
                let bound_to = call::attribute(self.gil, callable, c"__self__")?;
                return Ok(first.as_ptr() == bound_to.as_ptr());
            }
        }
        Ok(false)
    }

    /// `[-0, +0, -]` Adds the result of a call: one value, or those of a tuple if the runtime unpacks tuples.
    pub(crate) fn marshal_result(&self, slots: &mut Slots, result: &Owned) -> Result<(), Raised> {
        // SAFETY: the object is alive.
        let is_tuple = unsafe { PyTuple_Check(result.as_ptr()) != 0 };
        if self.runtime.options.unpack_returned_tuples && is_tuple {
            return self.marshal_items(slots, result);
        }
        self.marshal(slots, result.borrow())
    }

    /// `[-0, +0, -]` Adds the items of a tuple.
    pub(crate) fn marshal_items(&self, slots: &mut Slots, tuple: &Owned) -> Result<(), Raised> {
        // SAFETY: the tuple is alive, and keeps its items alive.
        unsafe {
            for position in 0..PyTuple_GET_SIZE(tuple.as_ptr()) {
                self.marshal(slots, Borrowed::from_ptr(PyTuple_GET_ITEM(tuple.as_ptr(), position)))?;
            }
        }
        Ok(())
    }
}
