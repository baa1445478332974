//! Walks over Lua tables: one step at a time, from the key that the last step has found.

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr;

use crate::ffi::lua as ffi;
use crate::lua::guard::effect;
use crate::lua::references::Reference;
use crate::lua::stack::Type;
use crate::py::{Owned, Raised};
use crate::trace;

use super::ahead::Ahead;
use super::crossing::Locked;
use super::errors;
use super::operation::{Body, Operation};
use super::runtime::Runtime;

/// Where a walk is: after which key.
#[derive(Clone, Copy)]
enum Position {
    Start,
    /// After a small integer.
    Integer(c_int),
    /// After the key in the registry slot of the walk.
    Slot,
}

/// One walk.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    position: Position,
    /// For keys that are no small integers; reserved when the first one is met.
    slot: Reference,
    /// `Runtime::changes` at the last step.
    changes: usize,
}

impl Walk {
    pub(crate) const START: Walk = Walk { position: Position::Start, slot: Reference::NONE, changes: 0 };

    /// Moves a walk on by what was read ahead: the key, and what Python is to get for it. Nothing where the table must be asked.
    /// While any thread is in Lua, something may have changed.
    pub(crate) fn next_ahead(walk: &Cell<Walk>, ahead: &Ahead, runtime: &Runtime) -> Option<(c_int, Owned)> {
        let now = walk.get();
        if now.changes != runtime.changes.get() {
            return None;
        }
        let (key, item) = ahead.take()?;
        walk.set(Walk { position: Position::Integer(key), ..now });
        Some((key, item))
    }

    /// The registry slot, which the owner of the walk has to give up.
    pub(crate) fn slot(&self) -> Reference {
        self.slot
    }
}

impl Locked<'_> {
    /// `[-0, +0, -]` One step. `read` gets the index of the key, with the value after it; nothing at the end. Reading may run
    /// any code, also steps of the same walk, so that the walk has moved on before. `read_plain` gets the same for what follows,
    /// and gives what can be read without running code.
    pub(crate) fn step(
        &self,
        table: Reference,
        walk: &Cell<Walk>,
        ahead: &Ahead,
        read: impl Fn(c_int) -> Result<Owned, Raised>,
        read_plain: impl Fn(c_int) -> Option<Owned>,
    ) -> Result<Option<Owned>, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        if walk.get().changes != self.runtime.changes.get() {
            ahead.forget();
        }
        if let Some(item) = self.step_directly(table, walk, ahead, &read, read_plain) {
            return item;
        }
        self.reserve_slot(walk)?;
        let Walk { position, slot, .. } = walk.get();
        let mut operation = Operation::new(self.runtime);
        operation.slots.add_reference(table, None);
        match position {
            Position::Start => operation.slots.add_nil(),
            Position::Integer(key) => operation.slots.add_integer(key as ffi::lua_Integer),
            Position::Slot => {
                self.check_key(slot)?;
                operation.slots.add_reference(slot, None);
            }
        }
        operation.for_c.number = slot.slot;
        let results = self.perform(Body::Next, &mut operation)?;
        if results.count() == 0 {
            return Ok(None);
        }
        walk.set(Walk { position: Position::Slot, slot, changes: self.runtime.changes.get() });
        // A hook that was called when the body returned may have changed the table.
        self.runtime.note_change();
        read(results.index(0)).map(Some)
    }

    /// `[-0, +0, -]` A step that cannot raise in Lua; nothing if it could.
    fn step_directly(
        &self,
        table: Reference,
        walk: &Cell<Walk>,
        ahead: &Ahead,
        read: impl Fn(c_int) -> Result<Owned, Raised>,
        read_plain: impl Fn(c_int) -> Option<Owned>,
    ) -> Option<Result<Option<Owned>, Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        let base = state.top();
        let last = walk.get();
        let step = if self.room() >= 3 && self.push_reference(table) { self.push_next(last) } else { -1 };
        let item = match step {
            1 if self.note_key(base + 2, walk) => {
                if let (Position::Integer(key), true) =
                    (walk.get().position, last.changes == self.runtime.changes.get())
                {
                    self.read_ahead(base + 1, key, ahead, read_plain);
                }
                let _held = self.hold(3);
                Some(read(base + 2).map(Some))
            }
            0 => Some(Ok(None)),
            _ => None,
        };
        trace::note!("short way: a step gives {step}, the stack had {}", state.top());
        state.drop_to(base);
        item
    }

    /// `[-0, +0|1|2, -]` Pushes the pair after the position in the table on the top: 1, 0 at the end, -1 if that could raise.
    fn push_next(&self, walk: Walk) -> c_int {
        effect!(self.state(), "[-0, +0|1|2, -]");
        let state = self.state().as_ptr();
        let is_there = c_int::from(walk.changes == self.runtime.changes.get());
        // SAFETY: the state is live and has room; a table is on the top, below the key. A script can have emptied the slot.
        unsafe {
            match walk.position {
                Position::Start => {
                    self.push_nil();
                    ffi::lupa_directnext(state, 1)
                }
                Position::Integer(key) => ffi::lupa_directnextindex(state, key, is_there),
                Position::Slot if ffi::lupa_pushslotvalue(state, walk.slot.slot) == ffi::LUA_TNIL as c_int => -1,
                Position::Slot => ffi::lupa_directnext(state, is_there),
            }
        }
    }

    /// `[-0, +0, -]` Moves a walk to the key at `index`; false if there is no place for it.
    fn note_key(&self, index: c_int, walk: &Cell<Walk>) -> bool {
        effect!(self.state(), "[-0, +0, -]");
        let (state, Walk { position: last, slot, .. }) = (self.state(), walk.get());
        let position = match (self.small_integer(index), last) {
            (Some(key), _) => Position::Integer(key),
            (None, _) if slot.is_none() => return false,
            (None, Position::Slot) => {
                // SAFETY: the state is live and has room; the last key was in the slot just now.
                unsafe { ffi::lupa_refillslot(state.as_ptr(), slot.slot, index) };
                Position::Slot
            }
            (None, _) if state.store(slot.slot, index) => Position::Slot,
            (None, _) => return false,
        };
        walk.set(Walk { position, slot, changes: self.runtime.changes.get() });
        true
    }

    pub(super) fn small_integer(&self, index: c_int) -> Option<c_int> {
        let (state, mut integer) = (self.state(), 0);
        if state.type_of(index) != Type::Number {
            return None;
        }
        // SAFETY: the state is live; a number is at the index.
        let is_integer = unsafe { ffi::lupa_toint(state.as_ptr(), index, &raw mut integer) != 0 };
        if is_integer { c_int::try_from(integer).ok() } else { None }
    }

    /// `[-0, +0, -]` Gives a walk its registry slot. Raises LuaMemoryError.
    fn reserve_slot(&self, walk: &Cell<Walk>) -> Result<(), Raised> {
        effect!(self.state(), "[-0, +0, -]");
        if !walk.get().slot.is_none() {
            return Ok(());
        }
        self.reserve(1)?;
        let references = &self.runtime.references;
        let Some(slot) = references.take_empty(self.state()) else { return Err(errors::raise_lost_reference(self)) };
        let slot = Reference { slot, address: ptr::null(), tag: 0 };
        walk.set(Walk { slot, ..walk.get() });
        Ok(())
    }

    /// `[-0, +0, -]` An emptied slot would start the walk again.
    fn check_key(&self, slot: Reference) -> Result<(), Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        state.push_registry(slot.slot);
        let lost = state.type_of(-1) == Type::Nil;
        state.drop_to(state.top() - 1);
        if lost { Err(errors::raise_lost_reference(self)) } else { Ok(()) }
    }
}
