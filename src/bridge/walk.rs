//! Walks over Lua tables: one step at a time, from the key that the last step has found.

use std::cell::Cell;
use std::ffi::c_int;

use crate::ffi::lua as ffi;
use crate::ffi::python::PyObject;
use crate::lua::guard::effect;
use crate::lua::references::Reference;
use crate::lua::stack::Type;
use crate::py::{Owned, Raised, args, error};
use crate::trace;

use super::ahead::{Ahead, Plain, What};
use super::crossing::Locked;
use super::errors;
use super::operation::{Body, Operation};
use super::runtime::Runtime;

/// Where a walk is: after which key.
#[derive(Clone, Copy)]
pub(crate) enum Position {
    Start,
    /// After a small integer.
    Integer(c_int),
    /// After the key in a registry slot, which belongs to the walk.
    Slot(c_int),
}

/// One walk.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    position: Position,
    /// `Runtime::changes` at the last step.
    changes: usize,
}

/// What a walk finds without asking the table.
pub(crate) enum Found {
    Item(Plain),
    End,
    /// The table must be asked.
    Unknown,
}

/// The string key that a walk has handed out last, and the registry slot where its Lua string is. No reference, only compared; it
/// says where to look, and no more.
#[derive(Clone, Copy)]
pub(crate) struct HandedKey {
    pub(super) text: *mut PyObject,
    pub(super) slot: c_int,
}

impl HandedKey {
    pub(crate) const NONE: HandedKey = HandedKey { text: std::ptr::null_mut(), slot: 0 };
}

impl Walk {
    pub(crate) const START: Walk = Walk { position: Position::Start, changes: 0 };

    /// Moves a walk on by what was read ahead. While any thread is in Lua, something may have changed.
    #[inline]
    pub(crate) fn next_ahead(walk: &Cell<Walk>, ahead: &Ahead, runtime: &Runtime) -> Found {
        let now = walk.get();
        if now.changes != runtime.changes.get() {
            return Found::Unknown;
        }
        let Some((position, item)) = ahead.take() else {
            return if ahead.is_end() { Found::End } else { Found::Unknown };
        };
        ahead.free(now.position);
        walk.set(Walk { position, ..now });
        if let Position::Slot(slot) = position {
            runtime.handed_key.set(HandedKey { text: item.first().as_ptr(), slot });
        }
        Found::Item(item)
    }

    /// The registry slots of a walk that is over, which its owner has to give up.
    pub(crate) fn end(self, ahead: &Ahead) -> impl Iterator<Item = Reference> {
        ahead.free(self.position);
        ahead.end().into_iter().map(|slot| Reference { slot, ..Reference::NONE })
    }
}

impl Locked<'_> {
    /// `[-0, +0, -]` One step: what is asked for of the next element; nothing at the end. Reading may run any code, also steps of the
    /// same walk, so that the walk has moved on before.
    pub(crate) fn step(
        &self,
        table: Reference,
        walk: &Cell<Walk>,
        ahead: &Ahead,
        what: What,
    ) -> Result<Option<Owned>, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        if ahead.wants_slots.take()
            && let Err(raised) = self.reserve(1)
        {
            error::clear(self.gil, raised);
        }
        // Another thread may have read ahead while this one waited for the lock.
        if walk.get().changes != self.runtime.changes.get() || ahead.has_items() {
            ahead.forget();
        }
        if let Some(item) = self.step_directly(table, walk, ahead, what) {
            return item;
        }
        let slot = self.slot_for_key(walk.get(), ahead)?;
        let mut operation = Operation::new(self.runtime);
        operation.slots.add_reference(table, None);
        match walk.get().position {
            Position::Start => operation.slots.add_nil(),
            Position::Integer(key) => operation.slots.add_integer(key as ffi::lua_Integer),
            Position::Slot(key) => {
                self.check_key(key)?;
                operation.slots.add_reference(Reference { slot: key, ..Reference::NONE }, None);
            }
        }
        operation.for_c.number = slot;
        let results = self.perform(Body::Next, &mut operation)?;
        if results.count() == 0 {
            return Ok(None);
        }
        ahead.remove_slot(slot);
        let last = walk.replace(Walk { position: Position::Slot(slot), changes: self.runtime.changes.get() });
        // The walk may have moved meanwhile.
        if !matches!(last.position, Position::Slot(other) if other == slot) {
            ahead.free(last.position);
        }
        // A hook that was called when the body returned may have changed the table.
        self.runtime.note_change();
        self.read_element(what, results.index(0)).map(Some)
    }

    /// `[-0, +0, -]` A step that cannot raise in Lua; nothing if it could.
    fn step_directly(
        &self,
        table: Reference,
        walk: &Cell<Walk>,
        ahead: &Ahead,
        what: What,
    ) -> Option<Result<Option<Owned>, Raised>> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        let base = state.top();
        let last = walk.get();
        let step = if self.room() >= 3 && self.push_reference(table) { self.push_next(last) } else { -1 };
        let item = match step {
            1 if self.note_key(base + 2, walk, ahead) => {
                let is_first = matches!(last.position, Position::Start);
                if is_first || last.changes == self.runtime.changes.get() {
                    self.read_ahead(base + 1, ahead, what);
                }
                let _held = self.hold(3);
                Some(self.read_element(what, base + 2).map(Some))
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
                Position::Slot(slot) if ffi::lupa_pushslotvalue(state, slot) == ffi::LUA_TNIL as c_int => -1,
                Position::Slot(_) => ffi::lupa_directnext(state, is_there),
            }
        }
    }

    /// `[-0, +0, -]` Moves a walk to the key at `index`; false if there is no place for it.
    fn note_key(&self, index: c_int, walk: &Cell<Walk>, ahead: &Ahead) -> bool {
        effect!(self.state(), "[-0, +0, -]");
        let (state, last) = (self.state(), walk.get().position);
        let position = match (self.small_integer(index), last) {
            (Some(key), _) => {
                ahead.free(last);
                Position::Integer(key)
            }
            (None, Position::Slot(slot)) => {
                // SAFETY: the state is live and has room; the last key was in the slot just now.
                unsafe { ffi::lupa_refillslot(state.as_ptr(), slot, index) };
                last
            }
            (None, _) => {
                self.look_at_slots(ahead);
                let Some(position) = self.keep_key(index, ahead) else { return false };
                position
            }
        };
        walk.set(Walk { position, changes: self.runtime.changes.get() });
        true
    }

    /// `[-0, +0, -]` What is asked for of the key at `index` and the value after it.
    fn read_element(&self, what: What, index: c_int) -> Result<Owned, Raised> {
        match what {
            What::Keys => self.unmarshal_key(index),
            What::Values => self.unmarshal(index + 1),
            What::Items => args::tuple(self.gil, [self.unmarshal_key(index)?, self.unmarshal(index + 1)?]),
        }
    }

    fn small_integer(&self, index: c_int) -> Option<c_int> {
        let (state, mut integer) = (self.state(), 0);
        if state.type_of(index) != Type::Number {
            return None;
        }
        // SAFETY: the state is live; a number is at the index.
        let is_integer = unsafe { ffi::lupa_toint(state.as_ptr(), index, &raw mut integer) != 0 };
        if is_integer { c_int::try_from(integer).ok() } else { None }
    }

    /// `[-0, +0, -]` The registry slot for the next key of a walk, which owns it already. Raises LuaMemoryError.
    fn slot_for_key(&self, walk: Walk, ahead: &Ahead) -> Result<c_int, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        if let Position::Slot(slot) = walk.position {
            return Ok(slot);
        }
        self.look_at_slots(ahead);
        if let Some(slot) = ahead.next_slot() {
            return Ok(slot);
        }
        self.reserve(1)?;
        let Some(slot) = self.runtime.references.take_empty(self.state()) else {
            return Err(errors::raise_lost_reference(self));
        };
        ahead.free(Position::Slot(slot));
        Ok(slot)
    }

    /// `[-0, +0, -]` An emptied slot would start the walk again.
    fn check_key(&self, slot: c_int) -> Result<(), Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        state.push_registry(slot);
        let lost = state.type_of(-1) == Type::Nil;
        state.drop_to(state.top() - 1);
        if lost { Err(errors::raise_lost_reference(self)) } else { Ok(()) }
    }
}
