//! The crossing from Python to Lua: lock, marshal, give up the GIL, one protected call, take the GIL back, read the results.

use std::ffi::{c_int, c_uint};
use std::mem::MaybeUninit;
use std::ops::Deref;

use crate::ffi::lua::{self as ffi, LupaRuntime, LupaValue, lua_State};
use crate::lua::State;
use crate::lua::guard::Guard;
use crate::lua::guard::effect;
use crate::lua::native_stack::native_stack_left;
use crate::py::error::raise_recursion_error;
use crate::py::{Borrowed, Gil, Owned, Raised};
use crate::trace;

use super::errors;
use super::operation::{Body, Operation};
use super::runtime::{Phase, Runtime, RuntimeObject};
use super::unmarshal::plain_object;

/// How many crossings may be nested. Plain Lua has a limit of the same size for its own C calls; LuaJIT has none.
const MAX_DEPTH: u32 = 190;

/// What a crossing must find of the C stack: threads can have a small one.
const MIN_NATIVE_STACK: usize = 128 * 1024;

/// Results of one operation up to this number can be read without asking for room: a C function has `LUA_MINSTACK` slots, and
/// what an operation needs on the stack besides its results is less than the rest.
pub(super) const RESULTS_WITH_ROOM: c_int = 8;

/// Likewise, with their message handlers.
const HELD_WITH_ROOM: c_int = RESULTS_WITH_ROOM + 1;

/// How many registry slots are reserved at once.
const RESERVE: usize = 16;

/// This thread owns the runtime, and holds the GIL.
#[derive(Clone, Copy)]
pub(crate) struct Locked<'rt> {
    pub(crate) runtime: &'rt Runtime,
    pub(crate) gil: Gil<'rt>,
}

/// An operation of Python on a runtime: holds the lock until it is dropped.
pub(crate) struct Crossing<'rt> {
    locked: Locked<'rt>,
    guard: Guard,
    /// Keeps the runtime alive, whatever the operation does.
    _owner: Owned,
}

impl<'rt> Deref for Crossing<'rt> {
    type Target = Locked<'rt>;
    fn deref(&self) -> &Locked<'rt> {
        &self.locked
    }
}

impl<'rt> Crossing<'rt> {
    /// `[-0, +0, -]` Locks a runtime for an operation.
    ///
    /// # Safety
    /// `object` is a runtime object of this module; it stays alive for `'rt` as its owner does.
    pub(crate) unsafe fn enter(gil: Gil<'rt>, object: *mut RuntimeObject) -> Result<Crossing<'rt>, Raised> {
        // SAFETY: promised by the caller.
        let runtime = unsafe { runtime_of(gil, object)? };
        // SAFETY: the object is alive.
        let owner = unsafe { Borrowed::from_ptr(object.cast()) }.hold();
        runtime.lock.acquire(gil)?;
        let locked = Locked { runtime, gil };
        if runtime.phase.get() != Phase::Open {
            return Err(locked.leave_closed());
        }
        let guard = Guard::new(runtime.state());
        trace::enter!("operation: the lock is taken, the stack has {}", runtime.state().top());
        locked.runtime.references.recycle(runtime.state());
        Ok(Crossing { locked, guard, _owner: owner })
    }
}

impl Drop for Crossing<'_> {
    fn drop(&mut self) {
        let Locked { runtime, gil } = self.locked;
        self.guard.check(runtime.state(), 0);
        runtime.collect_dead(gil);
        trace::leave!("end of the operation: the stack has {}", runtime.state().top());
        if runtime.lock.release(gil) {
            trace::note!("the lock is free");
            runtime.run_releases(gil);
        }
    }
}

/// The runtime behind its Python object, if the constructor got so far.
///
/// # Safety
/// `object` is a runtime object of this module that is alive for `'rt`.
unsafe fn runtime_of<'rt>(gil: Gil<'_>, object: *mut RuntimeObject) -> Result<&'rt Runtime, Raised> {
    // SAFETY: promised by the caller; the field is null or owned by the object.
    match unsafe { (*object).runtime.as_ref() } {
        Some(runtime) => Ok(runtime),
        None => Err(crate::py::error::raise_runtime_error(gil, "the Lua runtime is not initialised")),
    }
}

/// The results of a body, on the stack above `base` and the message handler. Dropping them drops the values.
pub(crate) struct Results<'rt> {
    locked: Locked<'rt>,
    base: c_int,
    count: c_int,
    /// The message handler is counted too.
    _held: Held<'rt>,
}

/// What Lua has left of an operation.
pub(crate) enum Left<'rt> {
    /// The one result; nothing is on the stack.
    Value(Owned),
    Results(Results<'rt>),
}

/// Values on the stack, counted in `Runtime::held` for as long as they may meet Python code.
pub(super) struct Held<'rt> {
    runtime: &'rt Runtime,
    count: c_int,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.runtime.held.set(self.runtime.held.get() - self.count);
    }
}

impl Results<'_> {
    pub(crate) fn count(&self) -> c_int {
        self.count
    }

    /// The stack index of a result, counted from 0.
    pub(crate) fn index(&self, position: c_int) -> c_int {
        self.base + 2 + position
    }
}

impl Drop for Results<'_> {
    /// `[-(results+1), +0, -]`
    fn drop(&mut self) {
        self.locked.state().drop_to(self.base);
        trace::note!("{} results dropped: the stack has {}", self.count, self.base);
    }
}

impl<'rt> Locked<'rt> {
    pub(crate) fn state(&self) -> State {
        self.runtime.state()
    }

    /// The runtime is closed: gives back its lock.
    #[cold]
    fn leave_closed(self) -> Raised {
        let _free = self.runtime.lock.release(self.gil);
        errors::raise_closed(self)
    }

    /// `[-0, +handler+results, -]` One protected call: runs a body for an operation. An error of Lua becomes a Python
    /// exception.
    pub(crate) fn perform(&self, body: Body, operation: &mut Operation) -> Result<Results<'rt>, Raised> {
        let base = self.state().top();
        let for_c = operation.ready();
        trace::note!("body {body:?}, slots: {}", operation.slots.described());
        let status = self.run(|state, c| {
            // SAFETY: see `run`; the operation outlives the call.
            unsafe { ffi::lupa_protect(state, c, body as c_int, for_c) }
        })?;
        operation.slots.settle();
        let results = self.results_above(base);
        if status != ffi::LUA_OK as c_int {
            return Err(errors::raise_from_lua(self, status, operation.for_c.failure as u32));
        }
        if self.runtime.held.get() > HELD_WITH_ROOM {
            self.ensure_room(base)?;
        }
        Ok(results)
    }

    /// `[-pushed, +results|0, -]` Gets into Lua, which works on what was pushed above `base`. It leaves one value and the results
    /// there, unless it takes a result that is plain data. `failure` tells why that was not done, where the error value does not.
    #[inline]
    pub(super) fn enter_pushed(
        &self,
        base: c_int,
        enter: impl FnOnce(*mut lua_State, *mut LupaRuntime, *mut LupaValue) -> c_int,
        failure: impl FnOnce() -> c_uint,
    ) -> Result<Left<'rt>, Raised> {
        let mut plain = MaybeUninit::uninit();
        let place = plain.as_mut_ptr();
        let status = match self.run(|state, c| enter(state, c, place)) {
            Ok(status) => status,
            Err(raised) => {
                self.state().drop_to(base);
                return Err(raised);
            }
        };
        if status == ffi::LUA_OK as c_int
            // SAFETY: C has said what it is.
            && let Some(value) = unsafe { plain_object(plain.assume_init_ref()) }
        {
            return value.map(Left::Value);
        }
        let results = self.results_above(base);
        if status != ffi::LUA_OK as c_int {
            return Err(errors::raise_from_lua(self, status, failure()));
        }
        if self.runtime.held.get() > HELD_WITH_ROOM {
            self.ensure_room(base)?;
        }
        Ok(Left::Results(results))
    }

    /// `[-0, +0, -]` What a protected call has left above the message handler.
    fn results_above(&self, base: c_int) -> Results<'rt> {
        let values = self.state().top() - base;
        Results { locked: *self, base, count: values - 1, _held: self.hold(values) }
    }

    /// Counts values that lie on the stack.
    pub(super) fn hold(&self, count: c_int) -> Held<'rt> {
        self.runtime.held.set(self.runtime.held.get() + count);
        Held { runtime: self.runtime, count }
    }

    /// `[-0, +?, -]` Leaves Python and gets into Lua; the status.
    fn run(&self, enter: impl FnOnce(*mut lua_State, *mut LupaRuntime) -> c_int) -> Result<c_int, Raised> {
        let Locked { runtime, gil } = *self;
        if runtime.depth.get() >= MAX_DEPTH || native_stack_left() < MIN_NATIVE_STACK {
            return Err(raise_recursion_error(gil, "maximum depth of nested calls between Python and Lua exceeded"));
        }
        let answers = runtime.answers.count();
        let outer_refusal = runtime.memory.as_ref().is_some_and(|memory| memory.forget_refusals());
        let current = runtime.current.get();
        runtime.depth.set(runtime.depth.get() + 1);
        runtime.note_change();
        let c = runtime.shared_with_c.get();
        runtime.leave_python(gil);
        trace::enter!("into Lua, nested {}: the stack has {}", runtime.depth.get(), self.state().top());
        // This thread owns the runtime; nothing raises out of the C function, and entries that Lua calls meanwhile come back to
        // Python and leave it again.
        let status = enter(current, c);
        trace::leave!("out of Lua with status {status}: the stack has {}", self.state().top());
        // SAFETY: this thread has left Python above.
        unsafe { runtime.enter_python() };
        runtime.depth.set(runtime.depth.get() - 1);
        runtime.answers.truncate(answers);
        if let Some(memory) = &runtime.memory
            && outer_refusal
            && status == ffi::LUA_OK as c_int
        {
            memory.remember_refusal();
        }
        Ok(status)
    }

    /// `[-0, +0, -]` Makes sure that `LUA_MINSTACK` more values have room above results, which lie above the message handler
    /// at base + 1. Raises LuaMemoryError.
    fn ensure_room(&self, base: c_int) -> Result<(), Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let room = ffi::LUPA_MINSTACK as c_int;
        let mut operation = Operation::with_number(self.runtime, room);
        let for_c = operation.ready();
        let status = self.run(|state, c| {
            // SAFETY: see `run`; the operation outlives the call.
            unsafe { ffi::lupa_grow(state, c, for_c, base + 1) }
        })?;
        if status == ffi::LUA_OK as c_int && self.state().claim_room(room) {
            Ok(())
        } else if operation.for_c.failure as u32 == ffi::LUPA_LOST_REFERENCE {
            Err(errors::raise_lost_reference(self))
        } else {
            Err(errors::raise_memory_error(self))
        }
    }

    /// `[-0, +0, -]` Makes sure that `count` registry slots are free. Raises LuaMemoryError.
    pub(crate) fn reserve(&self, count: usize) -> Result<(), Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let references = &self.runtime.references;
        if references.available() >= count {
            return Ok(());
        }
        let mut slots = vec![0; (count - references.available()).max(RESERVE)];
        let number = c_int::try_from(slots.len()).unwrap_or(c_int::MAX);
        let mut operation = Operation::with_number(self.runtime, number);
        operation.for_c.references = slots.as_mut_ptr();
        let result = self.perform(Body::Reserve, &mut operation);
        // The body counts what it has reserved, also when it is left by an error.
        references.add(&slots[..usize::try_from(operation.for_c.count).unwrap_or(0)]);
        result.map(drop)
    }
}
