//! Reading values of Lua: from the stack to Python objects. Only functions that cannot raise are used; room for new
//! references is reserved before they are needed.

use std::ffi::{c_int, c_longlong};

use crate::ffi::python::{PyFloat_FromDouble, PyLong_FromLongLong};
use crate::lua::guard::effect;

use crate::ffi::lua::{self as ffi, LupaBox, LupaValue};
use crate::lua::State;
use crate::lua::references::Reference;
use crate::lua::stack::{Number, Type, number_in};
use crate::py::text::{self, Encoding};
use crate::py::{Borrowed, Gil, Owned, Raised, args, error, object};

use super::crossing::{Left, Locked, Results};
use super::errors;
use super::runtime::Phase;
use super::wrapper::{LuaCoroutineFunction, LuaFunction};

/// What is behind a value, as far as boxes are concerned.
pub(crate) enum BoxContent {
    NotABox,
    Deleted,
    Object(Owned),
}

/// `[-0, +0, -]` The object in the box at `index`, or behind the function that `as_function` made of it.
pub(crate) fn box_content(locked: &Locked<'_>, index: c_int) -> BoxContent {
    // SAFETY: the state is live; the function reads only.
    content_of(unsafe { ffi::lupa_toobject(locked.state().as_ptr(), index) })
}

fn content_of(the_box: *mut LupaBox) -> BoxContent {
    // SAFETY: a box has proved itself by size and magic word, and lives while its value is on the stack. Its node, if it
    // has one, owns the object.
    unsafe {
        match the_box.as_ref() {
            None => BoxContent::NotABox,
            Some(LupaBox { node, .. }) if node.is_null() => BoxContent::Deleted,
            Some(LupaBox { node, .. }) => BoxContent::Object(Borrowed::from_ptr((**node).object.cast()).hold()),
        }
    }
}

impl Locked<'_> {
    /// `[-0, +0, -]` The value at a positive `index` for Python.
    ///
    /// Raises UnicodeDecodeError, LuaMemoryError (no room for a reference), ReferenceError (a finalized box).
    pub(crate) fn unmarshal(&self, index: c_int) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        match state.type_of(index) {
            Type::Nil => Ok(object::none()),
            Type::Boolean => Ok(object::boolean(state.read_boolean(index))),
            Type::Number => number(state.read_number(index)),
            Type::String => self.unmarshal_string(state.read_string(index)),
            Type::Table => self.new_wrapper(index, self.runtime.types.table),
            Type::Function => self.unmarshal_function(index),
            Type::Thread => self.unmarshal_thread(index),
            Type::Userdata => match box_content(self, index) {
                BoxContent::Object(object) => Ok(object),
                BoxContent::Deleted => Err(errors::raise_deleted_object(self)),
                BoxContent::NotABox => self.new_wrapper(index, self.runtime.types.object),
            },
            Type::LightUserdata | Type::Cdata => self.new_wrapper(index, self.runtime.types.object),
        }
    }

    /// A Lua string for Python: decoded strictly, or `bytes`.
    pub(crate) fn unmarshal_string(&self, bytes: &[u8]) -> Result<Owned, Raised> {
        self.unmarshal_by(bytes, text::decode)
    }

    /// Likewise for a string of ASCII characters, in an encoding that has them.
    pub(crate) fn unmarshal_ascii(&self, bytes: &[u8]) -> Result<Owned, Raised> {
        self.unmarshal_by(bytes, |gil, bytes, _| text::from_ascii(gil, bytes))
    }

    /// A Lua string by a function that decodes it.
    #[inline]
    fn unmarshal_by(
        &self,
        bytes: &[u8],
        decode: impl FnOnce(Gil<'_>, &[u8], &Encoding) -> Result<Owned, Raised>,
    ) -> Result<Owned, Raised> {
        let Some(encoding) = &self.runtime.options.encoding else { return text::bytes(self.gil, bytes) };
        if let Some(text) = self.known_text(bytes, encoding) {
            return Ok(text);
        }
        let text = decode(self.gil, bytes, encoding)?;
        self.learn_text(bytes, &text, encoding);
        Ok(text)
    }

    /// `[-0, +0, -]` Like `unmarshal`, for keys of tables and for error values: what cannot be decoded arrives as `bytes`.
    pub(crate) fn unmarshal_key(&self, index: c_int) -> Result<Owned, Raised> {
        let state = self.state();
        if state.type_of(index) != Type::String {
            return self.unmarshal(index);
        }
        let bytes = state.read_string(index);
        self.unmarshal_string(bytes).or_else(|raised| {
            // SAFETY: a builtin exception class lives as long as the interpreter.
            if error::matches(self.gil, &raised, unsafe { crate::ffi::python::PyExc_UnicodeError }) {
                error::clear(self.gil, raised);
                return text::bytes(self.gil, bytes);
            }
            Err(raised)
        })
    }

    /// `[-0, +0, -]` All results: `None` for none, the value for one, a tuple for more.
    pub(crate) fn unmarshal_results(&self, results: &Results<'_>) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        match results.count() {
            0 => Ok(object::none()),
            1 => self.unmarshal(results.index(0)),
            count => {
                args::try_tuple(self.gil, count as usize, |position| self.unmarshal(results.index(position as c_int)))
            }
        }
    }

    /// `[-0, +0, -]` Likewise, where C may have taken a single one.
    #[inline(always)]
    pub(crate) fn unmarshal_left(&self, left: Left<'_>) -> Result<Owned, Raised> {
        match left {
            Left::Value(value) => Ok(value),
            Left::Results(results) => self.unmarshal_results(&results),
        }
    }

    /// `[-0, +0, -]` A new wrapper, unless the runtime is about to end.
    fn new_wrapper(&self, index: c_int, class: *mut crate::ffi::python::PyTypeObject) -> Result<Owned, Raised> {
        if self.runtime.phase.get() != Phase::Open {
            return Err(errors::raise_closed(*self));
        }
        self.wrap(index, class)
    }

    /// `[-0, +0, -]` A function, or the object that `as_function` made it of.
    fn unmarshal_function(&self, index: c_int) -> Result<Owned, Raised> {
        // SAFETY: the state is live; the function reads only.
        if unsafe { ffi::lupa_isobjectfunction(self.state().as_ptr(), index) } == 0 {
            let types = &self.runtime.types;
            let wrapper = self.new_wrapper(index, types.function)?;
            // SAFETY: the new wrapper is of this type, and ours alone.
            unsafe { (*wrapper.as_ptr().cast::<LuaFunction>()).vectorcall = Some(types.call) };
            return Ok(wrapper);
        }
        match box_content(self, index) {
            BoxContent::Object(object) => Ok(object),
            BoxContent::Deleted => Err(errors::raise_deleted_object(self)),
            // A script has put something else into the upvalue.
            BoxContent::NotABox => Err(errors::raise_lost_reference(self)),
        }
    }

    /// `[-0, +0, -]` A coroutine. One that was not started can be called like the function that it would run.
    fn unmarshal_thread(&self, index: c_int) -> Result<Owned, Raised> {
        let Some(thread) = self.unstarted(index) else { return self.new_wrapper(index, self.runtime.types.thread) };
        let function = self.function_of(thread)?;
        let wrapper = self.new_wrapper(index, self.runtime.types.coroutine_function);
        let Ok(wrapper) = wrapper else {
            self.runtime.references.give_up(function);
            return wrapper;
        };
        let fields: *mut LuaCoroutineFunction = wrapper.as_ptr().cast();
        // SAFETY: the new wrapper is of this type, and ours alone.
        unsafe {
            (*fields).callable.vectorcall = Some(self.runtime.types.call_coroutine_function);
            (*fields).function = function;
        }
        Ok(wrapper)
    }

    /// `[-0, +0, -]` A registry slot with the function of a coroutine that was not started.
    fn function_of(&self, thread: State) -> Result<Reference, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        // SAFETY: both are live threads of this runtime and have room; the function is all that lies on the other.
        unsafe { ffi::lupa_directfunction(state.as_ptr(), thread.as_ptr()) };
        let top = state.top();
        let function = self.refer(top);
        state.drop_to(top - 1);
        function
    }

    /// `[-0, +0, -]` The thread at `index`, if it is a coroutine that was not started.
    fn unstarted(&self, index: c_int) -> Option<State> {
        // The main thread of the state looks like one when nothing runs.
        let is_main = |thread: &State| thread.as_ptr() == self.runtime.main.get();
        self.state().read_thread(index).filter(|thread| {
            // SAFETY: the thread belongs to the locked runtime; the function reads only.
            let state = unsafe { ffi::lupa_threadstate(thread.as_ptr()) };
            !is_main(thread) && state as u32 == ffi::LUPA_THREAD_NEW && thread.top() == 1
        })
    }

    /// `[-0, +0, -]` The table of globals.
    pub(crate) fn unmarshal_globals(&self) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        // SAFETY: the state is live and has room.
        unsafe { ffi::lupa_pushglobals(state.as_ptr()) };
        let top = state.top();
        let globals = match state.type_of(top) {
            Type::Table => self.unmarshal(top),
            // A script has changed the registry.
            _ => Err(errors::raise_lost_reference(self)),
        };
        state.drop_to(top - 1);
        globals
    }
}

/// What Python has for a number, a boolean or nil.
///
/// # Safety
/// `value` was read from the stack of Lua.
#[inline(always)]
pub(super) unsafe fn plain_object(value: &LupaValue) -> Option<Result<Owned, Raised>> {
    // SAFETY: promised by the caller; the type tells which field of the union is in use.
    unsafe {
        match value.type_ {
            ffi::LUA_TNUMBER => Some(number(number_in(value))),
            ffi::LUA_TNIL => Some(Ok(object::none())),
            ffi::LUA_TBOOLEAN => Some(Ok(object::boolean(value.content.boolean != 0))),
            _ => None,
        }
    }
}

/// A new `int` or `float`.
pub(super) fn number(number: Number) -> Result<Owned, Raised> {
    match number {
        Number::Integer(value) => integer(value),
        Number::Float(value) => float(value),
    }
}

/// A new `int`.
pub(super) fn integer(value: i64) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held by whoever unmarshals.
    unsafe { Owned::from_new(PyLong_FromLongLong(value as c_longlong)) }
}

/// A new `float`.
pub(super) fn float(value: f64) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held by whoever unmarshals.
    unsafe { Owned::from_new(PyFloat_FromDouble(value)) }
}
