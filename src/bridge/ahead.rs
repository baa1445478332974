//! Reading ahead: while nothing changes between the steps of a walk over a table, one step reads several elements, which the next
//! steps hand out without entering the runtime. As soon as anything may have changed, what was read ahead is forgotten, and the
//! walk goes on from the last key that was handed out: a small integer, or a string, which waits in a registry slot.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;
use std::mem::MaybeUninit;

use crate::ffi::lua::{self as ffi, LupaElement, LupaReading, LupaValue};
use crate::lua::guard::effect;
use crate::lua::stack::{Type, bytes_in};
use crate::py::{Owned, error};

use super::crossing::Locked;
use super::unmarshal::plain_object;
use super::walk::Position;

/// How many elements are read at once, at most: a loop that ends early has asked for the rest in vain.
const MOST: usize = 16;

/// What Python is to get of each element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Keys,
    Values,
    Items,
}

/// What Python gets of one element. These are plain values: reading them has run no code, and dropping them runs none.
pub(crate) enum Plain {
    One(Owned),
    Pair(Owned, Owned),
}

impl Plain {
    /// What was read first.
    pub(super) fn first(&self) -> &Owned {
        match self {
            Plain::One(value) | Plain::Pair(value, _) => value,
        }
    }
}

/// What a walk has read ahead.
#[derive(Default)]
pub(crate) struct Ahead {
    /// The elements, with their keys; the next one is the last.
    items: RefCell<Vec<(Position, Plain)>>,
    /// After them comes the end of the table.
    is_end: Cell<bool>,
    /// How many were read the last time.
    number: Cell<usize>,
    /// There was nothing to read once; then it is not tried again.
    futile: Cell<bool>,
    /// Registry slots for keys: none of them holds one that is needed.
    slots: RefCell<Vec<c_int>>,
    /// `Runtime::changes` when the slots were looked at: a script can have emptied them since then.
    looked: Cell<usize>,
    /// There were too few slots the last time.
    pub(super) wants_slots: Cell<bool>,
}

impl Ahead {
    #[inline]
    pub(super) fn take(&self) -> Option<(Position, Plain)> {
        self.items.borrow_mut().pop()
    }

    /// Is there nothing left to take, and nothing in the table?
    pub(super) fn is_end(&self) -> bool {
        self.is_end.get()
    }

    /// Forgets what is left, since something may have changed.
    #[inline]
    pub(super) fn forget(&self) {
        self.number.set(0);
        self.is_end.set(false);
        if self.has_items() {
            self.drop_items();
        }
    }

    fn drop_items(&self) {
        self.items.borrow_mut().drain(..).for_each(|(key, _)| self.free(key));
    }

    /// A key is not needed any more: its slot can have another one.
    pub(super) fn free(&self, key: Position) {
        if let Position::Slot(slot) = key {
            self.slots.borrow_mut().push(slot);
        }
    }

    /// Has something been read that was not handed out?
    pub(super) fn has_items(&self) -> bool {
        !self.items.borrow().is_empty()
    }

    /// The registry slot that the next key will have.
    pub(super) fn next_slot(&self) -> Option<c_int> {
        self.slots.borrow().last().copied()
    }

    /// A registry slot has a key now.
    pub(super) fn remove_slot(&self, slot: c_int) {
        self.slots.borrow_mut().retain(|other| *other != slot);
    }

    /// Gives back all memory, and the slots: the walk is over.
    pub(crate) fn end(&self) -> Vec<c_int> {
        self.forget();
        self.items.take();
        self.slots.take()
    }
}

impl Locked<'_> {
    /// `[-0, +0, -]` Reads what follows in the table at `index` after the key that lies above it, and is in the table: as long as
    /// keys are small integers or strings, and what is asked for is plain.
    pub(super) fn read_ahead(&self, index: c_int, ahead: &Ahead, what: What) {
        effect!(self.state(), "[-0, +0, -]");
        if ahead.futile.get() || self.is_registry(index) {
            return;
        }
        ahead.number.set((2 * ahead.number.get() + 2).min(MOST));
        self.look_at_slots(ahead);
        if self.state().type_of(index + 1) == Type::String {
            self.take_slots(ahead, ahead.number.get());
        }
        let mut elements = [const { MaybeUninit::<LupaElement>::uninit() }; MOST];
        let mut slots = ahead.slots.borrow_mut();
        let mut reading = LupaReading {
            most: ahead.number.get() as c_int,
            reads_values: c_int::from(what != What::Keys),
            slots: slots.as_mut_ptr(),
            slot_count: slots.len() as c_int,
            is_end: 0,
            wants_slots: 0,
        };
        // SAFETY: the state is live and has room; the key is in the table. C writes the elements that it counts, and has used
        // slots from the end of the list.
        let elements = unsafe {
            let state = self.state().as_ptr();
            ffi::lua_pushvalue(state, index); // table
            ffi::lua_pushvalue(state, index + 1); // table key
            let count = ffi::lupa_readelements(state, &raw mut reading, elements.as_mut_ptr().cast()); // table
            self.state().drop_to(self.state().top() - 1);
            slots.set_len(reading.slot_count as usize);
            std::slice::from_raw_parts(elements.as_ptr().cast::<LupaElement>(), count as usize)
        };
        drop(slots);
        ahead.wants_slots.set(reading.wants_slots != 0);
        self.make_items(elements, ahead, what, reading.is_end != 0);
    }

    /// Makes Python objects of what was read. No code of Lua runs before that.
    fn make_items(&self, elements: &[LupaElement], ahead: &Ahead, what: What, is_end: bool) {
        let mut items = ahead.items.borrow_mut();
        ahead.is_end.set(is_end);
        for element in elements.iter().rev() {
            let is_integer = element.key.type_ == ffi::LUA_TNUMBER;
            // SAFETY: the type tells which field of the union is in use.
            let small = || Position::Integer(unsafe { element.key.content.integer } as c_int);
            let key = if is_integer { small() } else { Position::Slot(element.slot) };
            match self.make_item(element, what) {
                Some(item) => items.push((key, item)),
                None => {
                    // This one is for the long way, and so is what comes after it.
                    ahead.free(key);
                    items.drain(..).for_each(|(key, _)| ahead.free(key));
                    ahead.is_end.set(false);
                    // It would be read in vain each time.
                    ahead.number.set(0);
                }
            }
        }
        ahead.futile.set(items.is_empty() && !ahead.is_end.get() && !ahead.wants_slots.get());
    }

    /// What Python gets of an element, if making it runs no code.
    #[inline]
    fn make_item(&self, element: &LupaElement, what: What) -> Option<Plain> {
        Some(match what {
            What::Keys => Plain::One(self.plain(&element.key)?),
            What::Values => Plain::One(self.plain(&element.value)?),
            What::Items => Plain::Pair(self.plain(&element.key)?, self.plain(&element.value)?),
        })
    }

    /// `[-0, +0, -]` Takes free registry slots until there are as many as wanted, or none is free.
    fn take_slots(&self, ahead: &Ahead, wanted: usize) {
        effect!(self.state(), "[-0, +0, -]");
        let mut slots = ahead.slots.borrow_mut();
        while slots.len() < wanted {
            let Some(slot) = self.runtime.references.take_empty(self.state()) else { return };
            slots.push(slot);
        }
    }

    /// `[-0, +0, -]` Puts a key into one of the slots, which were looked at, or into a new one. Nothing if there is none.
    pub(super) fn keep_key(&self, index: c_int, ahead: &Ahead) -> Option<Position> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        let slot = ahead.slots.borrow_mut().pop();
        let Some(slot) = slot else {
            return self.runtime.references.take(state, index).map(|reference| Position::Slot(reference.slot));
        };
        // SAFETY: the state is live and has room; the slot is occupied, as nothing has changed since it was looked at.
        unsafe { ffi::lupa_refillslot(state.as_ptr(), slot, index) };
        Some(Position::Slot(slot))
    }

    /// `[-0, +0, -]` Lets go of the slots that a script has emptied.
    pub(super) fn look_at_slots(&self, ahead: &Ahead) {
        effect!(self.state(), "[-0, +0, -]");
        let now = self.runtime.changes.get();
        if ahead.looked.replace(now) != now {
            // SAFETY: the state is live and has room.
            let is_occupied = |slot| unsafe { ffi::lupa_isoccupied(self.state().as_ptr(), slot) != 0 };
            ahead.slots.borrow_mut().retain(|slot| is_occupied(*slot));
        }
    }

    /// `[-0, +0, -]` Is the table at `index` the registry? Its slots change without Lua, as wrappers come and go.
    fn is_registry(&self, index: c_int) -> bool {
        // SAFETY: the runtime is locked; its C side does not change meanwhile.
        self.state().address(index) == unsafe { (*self.runtime.shared_with_c.get()).registry }
    }

    /// The Python object for a value, if making it runs no code. An error is left to who asks next.
    #[inline]
    fn plain(&self, value: &LupaValue) -> Option<Owned> {
        // SAFETY: C has read the value; a string lives as long as nothing runs.
        let plain = unsafe {
            match plain_object(value) {
                Some(plain) => plain,
                None if value.type_ == ffi::LUA_TSTRING => {
                    let bytes = bytes_in(value);
                    if !bytes.is_ascii() || !self.decodes_simply() {
                        return None;
                    }
                    self.unmarshal_ascii(bytes)
                }
                None => return None,
            }
        };
        plain.map_err(|raised| error::clear(self.gil, raised)).ok()
    }

    fn decodes_simply(&self) -> bool {
        self.runtime.options.encoding.as_ref().is_none_or(|encoding| encoding.is_simple())
    }
}
