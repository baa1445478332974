//! The short ways (see `lua/direct.h`): what is common is pushed at once, with functions that cannot raise and without running
//! Python code. A refusal is no error: the long way then does the same, and raises what there is to raise.

use std::cell::Cell;
use std::ffi::{c_int, c_uint};

use crate::ffi::lua::{self as ffi, LupaResumed, LupaSlot, LupaValue};
use crate::ffi::python::*;
use crate::lua::guard::effect;
use crate::lua::numbers::is_exact;
use crate::lua::references::Reference;
use crate::lua::stack::UNREAD;
use crate::py::{Borrowed, Owned, Raised, text};
use crate::trace;

use super::crossing::{Left, Locked, RESULTS_WITH_ROOM, Results};
use super::errors;
use super::plain;
use super::unmarshal::plain_object;
use super::wrapper::LuaObject;

/// A frame has room for so many values without asking, those that still lie there included: a C function has `LUA_MINSTACK`
/// slots, and what an operation needs besides (the three values of an assignment, say) is less than the rest.
const ROOM: c_int = 10;

/// What the resume of a coroutine has ended with.
pub(crate) enum Resumed<'rt> {
    /// It has not begun: the coroutine cannot be resumed, or the values need the long way.
    Refused,
    /// The coroutine has yielded or returned this one value.
    Value(Owned),
    /// What it has yielded or returned, or its error value; the status, and whether it has died by an error.
    Results(Results<'rt>, c_int, bool),
}

impl<'rt> Locked<'rt> {
    /// `[-0, +0, -]` Calls what a registry slot holds. Nothing if an argument, or the function, needs the long way.
    pub(crate) fn call_directly(
        &self,
        function: Reference,
        arguments: &[Borrowed<'_>],
    ) -> Option<Result<Owned, Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        let count = c_int::try_from(arguments.len()).unwrap_or(c_int::MAX);
        let left = self.perform_directly(count, || {
            self.push_reference(function) && arguments.iter().all(|argument| self.push_directly(*argument))
        })?;
        Some(left.and_then(|left| self.unmarshal_left(left)))
    }

    /// `[-0, +results|0, -]` Calls, with so many arguments, what `push` pushes. Nothing if that needs the long way.
    fn perform_directly(&self, count: c_int, push: impl FnOnce() -> bool) -> Option<Result<Left<'rt>, Raised>> {
        let state = self.state();
        let base = state.top();
        let pushed = count <= self.room() && self.push_ours(ffi::LUPA_MESSAGE) && push();
        if !pushed {
            state.drop_to(base);
            trace::note!("short way: refused, the stack has {base}");
            return None;
        }
        trace::note!("short way: {} pushed, the stack has {}", state.top() - base, state.top());
        // SAFETY: see `run`; handler, function and arguments are on the stack.
        let enter = |state, c, plain| unsafe { ffi::lupa_directcall(state, c, base + 1, count, plain) };
        Some(self.enter_pushed(base, enter, || ffi::LUPA_NO_FAILURE))
    }

    /// `[-0, +0, -]` So many values can be pushed without asking for room.
    pub(super) fn room(&self) -> c_int {
        ROOM - self.runtime.held.get()
    }

    /// `[-0, +results|0, -]` Makes a coroutine for a function.
    pub(crate) fn thread_directly(&self, function: Reference) -> Option<Result<Results<'rt>, Raised>> {
        let left = self.perform_directly(1, || {
            self.push_ours(ffi::LUPA_NEWTHREAD_PUSHED)
                && self.push_reference(function)
                // SAFETY: the state is live.
                && unsafe { ffi::lupa_isluafunction(self.state().as_ptr(), -1) } != 0
        })?;
        Some(left.and_then(|left| match left {
            Left::Results(results) => Ok(results),
            // A hook of the script has exchanged it.
            Left::Value(_) => Err(errors::raise_lost_reference(self)),
        }))
    }

    /// `[-0, +results|0, -]` Resumes a coroutine. `started` is told when that is about to happen, and must not run any code. Only the
    /// outermost operation takes this way: what `lua_resume` says of too many nested calls needs a protected call around it.
    #[inline]
    pub(crate) fn resume_directly(
        &self,
        thread: Reference,
        values: &[Borrowed<'_>],
        started: impl FnOnce(),
    ) -> Result<Resumed<'rt>, Raised> {
        let count = c_int::try_from(values.len()).unwrap_or(c_int::MAX);
        if self.runtime.depth.get() != 0 || count >= self.room() {
            return Ok(Resumed::Refused);
        }
        let state = self.state();
        let base = state.top();
        // SAFETY: the state is live and has room.
        let coroutine = unsafe { ffi::lupa_directthread(state.as_ptr(), thread.slot, thread.address) };
        if coroutine.is_null() || !values.iter().all(|value| self.push_directly(*value)) {
            state.drop_to(base);
            return Ok(Resumed::Refused);
        }
        trace::note!("resume: {} pushed, the stack has {}", state.top() - base, state.top());
        started();
        let outcome = Cell::new(LupaResumed { status: 0, died: 0, failure: 0 });
        // SAFETY: see `run`; the thread and the values are on the stack, and the place for the outcome outlives the call.
        let enter = |state, c, plain| unsafe {
            ffi::lupa_directresume(state, c, coroutine, count, RESULTS_WITH_ROOM, outcome.as_ptr(), plain)
        };
        match self.enter_pushed(base, enter, || outcome.get().failure as c_uint) {
            Ok(Left::Value(value)) => Ok(Resumed::Value(value)),
            Ok(Left::Results(results)) => Ok(Resumed::Results(results, outcome.get().status, outcome.get().died != 0)),
            Err(raised) => Err(raised),
        }
    }

    /// `[-0, +1, -]` Pushes a function of ours; false if a script took it out of the registry.
    fn push_ours(&self, which: c_uint) -> bool {
        effect!(self.state(), "[-0, +1, -]");
        // SAFETY: the state is live and has room.
        unsafe { ffi::lupa_pushfunction(self.state().as_ptr(), self.runtime.shared_with_c.get(), which as c_int) != 0 }
    }

    /// `[-0, +0, -]` Reads a field of an object.
    pub(crate) fn index_directly(&self, object: Reference, key: Borrowed<'_>) -> Option<Result<Owned, Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        if self.room() >= 2
            && self.is_table(object)
            && let Some(key) = self.plain_key(key)
            && let Some(value) = self.get_directly(&[plain::reference(object), key])
        {
            return Some(value);
        }
        let left = self.perform_directly(2, || {
            self.push_ours(ffi::LUPA_INDEX) && self.push_reference(object) && self.push_directly(key)
        })?;
        Some(left.and_then(|left| self.unmarshal_left(left)))
    }

    /// `[-0, +0, -]` Sets a field of an object.
    pub(crate) fn newindex_directly(
        &self,
        object: Reference,
        key: Borrowed<'_>,
        value: Option<Borrowed<'_>>,
    ) -> Option<Result<(), Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        self.runtime.note_change();
        if self.room() < 3 {
            return None;
        }
        if self.is_table(object) {
            let value = value.map_or(Some(plain::NIL), |value| self.plain_slot(value))?;
            return self.set_directly(&[plain::reference(object), self.plain_key(key)?, value]);
        }
        let results = self.perform_directly(3, || {
            self.push_ours(ffi::LUPA_NEWINDEX)
                && self.push_reference(object)
                && self.push_directly(key)
                && value.map_or_else(|| self.push_nil() == 1, |value| self.push_directly(value))
        })?;
        Some(results.map(drop))
    }

    /// `[-0, +0, -]` Reads a field of a table (slots: table, key), if that calls no metamethod.
    fn get_directly(&self, slots: &[LupaSlot; 2]) -> Option<Result<Owned, Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        let mut value = UNREAD;
        // SAFETY: the state is live and has room; the slots are plain.
        let found = unsafe {
            ffi::lupa_directget(state.as_ptr(), self.runtime.shared_with_c.get(), slots.as_ptr(), &raw mut value) != 0
        };
        trace::note!(
            "short way: a field is {}, the stack has {}",
            if found { "read" } else { "not read" },
            self.state().top()
        );
        // SAFETY: C has read the value, which lies on the top, unless it is plain.
        found.then(|| unsafe { self.unmarshal_plain_or_top(&value) })
    }

    /// `[-2|0, +0, -]` A value for Python that was read from a table: it lies on that, on the top, unless it is plain.
    ///
    /// # Safety
    /// `value` is what was read.
    unsafe fn unmarshal_plain_or_top(&self, value: &LupaValue) -> Result<Owned, Raised> {
        // SAFETY: promised by the caller.
        unsafe {
            if let Some(plain) = plain_object(value) {
                return plain;
            }
            let (_held, top) = (self.hold(2), self.state().top());
            let object = self.unmarshal(top);
            self.state().drop_to(top - 2);
            object
        }
    }

    /// `[-0, +0, -]` Sets a field of a table (slots: table, key, value): at once if it is there already.
    fn set_directly(&self, slots: &[LupaSlot; 3]) -> Option<Result<(), Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        let (state, base) = (self.state(), self.state().top());
        // SAFETY: the state is live and has room; the slots are plain.
        let done = unsafe { ffi::lupa_directset(state.as_ptr(), self.runtime.shared_with_c.get(), slots.as_ptr()) };
        trace::note!("short way: a field is {}, the stack has {base}", if done > 0 { "set" } else { "not set" });
        if done >= 0 {
            return (done > 0).then_some(Ok(()));
        }
        let results = self.perform_directly(3, || self.push_ours(ffi::LUPA_NEWINDEX) && self.push_copies(base + 1, 3));
        let done = results.map(|results| results.map(drop));
        state.drop_to(base);
        done
    }

    /// `[-0, +count, -]` Pushes copies of values from an index on.
    fn push_copies(&self, first: c_int, count: c_int) -> bool {
        for index in first..first + count {
            // SAFETY: the state is live and has room.
            unsafe { ffi::lua_pushvalue(self.state().as_ptr(), index) };
        }
        true
    }

    /// `[-0, +0, -]` The length of a table, if no metamethod has a say.
    pub(crate) fn length_directly(&self, table: Reference) -> Option<Py_ssize_t> {
        effect!(self.state(), "[-0, +0, -]");
        if !self.is_table(table) {
            return None;
        }
        // SAFETY: the state is live and has room.
        let length = unsafe { ffi::lupa_directlen(self.state().as_ptr(), table.slot, table.address) };
        (length >= 0).then_some(length as Py_ssize_t)
    }

    fn is_table(&self, reference: Reference) -> bool {
        reference.tag == ffi::LUA_TTABLE as c_int
    }

    /// `[-0, +0|1, -]` Pushes what a registry slot of ours holds.
    pub(super) fn push_reference(&self, reference: Reference) -> bool {
        effect!(self.state(), "[-0, +0|1, -]");
        // SAFETY: the state is live and has room.
        unsafe {
            let state = self.state().as_ptr();
            ffi::lupa_directreference(state, reference.slot, reference.address, reference.tag) != 0
        }
    }

    /// `[-0, +0|1, -]` Pushes a Python value, if that cannot raise and runs no code.
    pub(crate) fn push_directly(&self, value: Borrowed<'_>) -> bool {
        effect!(self.state(), "[-0, +0|1, -]");
        let state = self.state().as_ptr();
        let class = value.type_ptr();
        // SAFETY: the GIL is held and the value alive; the state is live and has room.
        unsafe {
            if class == &raw mut PyLong_Type {
                return self.push_integer(value);
            } else if class == &raw mut PyUnicode_Type {
                return self.text_in_lua(value).is_some_and(|(slot, bytes)| self.push_string_in(slot, bytes));
            } else if class == &raw mut PyBytes_Type {
                let bytes = text::bytes_of(value);
                return self.string_in_lua(bytes).is_some_and(|slot| self.push_string_in(slot, bytes));
            } else if class == &raw mut PyFloat_Type {
                ffi::lua_pushnumber(state, PyFloat_AS_DOUBLE(value.as_ptr()) as ffi::lua_Number);
            } else if class == &raw mut PyBool_Type {
                ffi::lua_pushboolean(state, c_int::from(value.is(Py_True())));
            } else if value.is_none() {
                ffi::lua_pushnil(state);
            } else if self.runtime.types.is_wrapper(class) {
                let wrapper: &LuaObject = &*value.as_ptr().cast();
                return wrapper.runtime.cast() == self.runtime.object && self.push_reference(wrapper.reference);
            } else {
                return self.push_known_object(value);
            }
        }
        true
    }

    /// `[-0, +1, -]` How many values that are: one.
    pub(crate) fn push_nil(&self) -> c_int {
        effect!(self.state(), "[-0, +1, -]");
        // SAFETY: the state is live and has room.
        unsafe { ffi::lua_pushnil(self.state().as_ptr()) };
        1
    }

    /// `[-0, +0|1, -]` An exact int.
    fn push_integer(&self, value: Borrowed<'_>) -> bool {
        effect!(self.state(), "[-0, +0|1, -]");
        let mut overflow: c_int = 0;
        // SAFETY: the GIL is held; the value is an int, so that nothing else than an overflow can be wrong.
        let integer = unsafe { PyLong_AsLongLongAndOverflow(value.as_ptr(), &raw mut overflow) };
        if overflow != 0 || !is_exact(integer) {
            return false;
        }
        let state = self.state().as_ptr();
        // SAFETY: the state is live and has room.
        unsafe {
            if ffi::LUPA_HAS_INTEGERS != 0 {
                ffi::lua_pushinteger(state, integer as ffi::lua_Integer);
            } else {
                ffi::lua_pushnumber(state, integer as ffi::lua_Number);
            }
        }
        true
    }

    /// `[-0, +0|1, -]` An object that Lua holds already.
    fn push_known_object(&self, value: Borrowed<'_>) -> bool {
        effect!(self.state(), "[-0, +0|1, -]");
        let Some(protocol) = self.known_protocol(value) else { return false };
        // SAFETY: the state is live and has room.
        unsafe {
            let object = value.as_ptr().cast();
            ffi::lupa_directobject(self.state().as_ptr(), self.runtime.shared_with_c.get(), object, protocol) != 0
        }
    }
}
