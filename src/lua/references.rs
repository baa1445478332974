//! Registry slots for values that Python holds. Slots are reserved ahead by a protected body (with `luaL_ref`, so that the
//! references of binary modules never collide with ours) and stay reserved: taking one afterwards cannot fail.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ptr;

use crate::ffi::lua as ffi;

use super::State;
use super::guard::effect;

/// A value in the registry: its slot, and the address that tells whether the slot still holds it.
#[derive(Clone, Copy)]
pub(crate) struct Reference {
    pub(crate) slot: c_int,
    /// Null for values without an address.
    pub(crate) address: *const c_void,
    /// The type tag, which tells apart what has come to the same address later.
    pub(crate) tag: c_int,
}

impl Reference {
    /// A field that refers to nothing.
    pub(crate) const NONE: Reference = Reference { slot: 0, address: ptr::null(), tag: 0 };

    pub(crate) fn is_none(self) -> bool {
        self.slot == 0
    }
}

/// The slots of one runtime. A slot that a script has changed is lost: Lua may have given it to a binary module meanwhile.
#[derive(Default)]
pub(crate) struct References {
    /// Every slot that was ever reserved.
    known: RefCell<Ranges>,
    /// Reserved and free: each holds `false`.
    free: RefCell<Vec<c_int>>,
    /// Given up by Python, in any thread that holds the GIL; they still hold their values.
    dropped: RefCell<Vec<Reference>>,
}

/// A set of numbers, most of which follow each other.
#[derive(Default)]
struct Ranges {
    /// First and last of each range, in order, with gaps between.
    ranges: Vec<(c_int, c_int)>,
    #[cfg(feature = "checked")]
    count: usize,
}

impl Ranges {
    /// True if the number is new.
    fn insert(&mut self, number: c_int) -> bool {
        // The first range that ends at the number, or after it.
        let next = self.ranges.partition_point(|&(_, last)| last < number);
        if self.ranges.get(next).is_some_and(|&(first, _)| first <= number) {
            return false;
        }
        #[cfg(feature = "checked")]
        {
            self.count += 1;
        }
        let follows = next > 0 && self.ranges[next - 1].1 == number - 1;
        let precedes = self.ranges.get(next).is_some_and(|&(first, _)| first - 1 == number);
        match (follows, precedes) {
            (true, true) => self.ranges[next - 1].1 = self.ranges.remove(next).1,
            (true, false) => self.ranges[next - 1].1 = number,
            (false, true) => self.ranges[next].0 = number,
            (false, false) => self.ranges.insert(next, (number, number)),
        }
        true
    }
}

impl References {
    /// How many slots can be taken now.
    pub(crate) fn available(&self) -> usize {
        self.free.borrow().len()
    }

    /// Adds slots that a body has just reserved. Where a script has emptied one of ours, Lua reserves it a second time: it may
    /// still be referred to.
    pub(crate) fn add(&self, slots: &[c_int]) {
        let mut known = self.known.borrow_mut();
        self.free.borrow_mut().extend(slots.iter().filter(|slot| known.insert(**slot)));
    }

    /// How many slots are neither free nor given up.
    #[cfg(feature = "checked")]
    pub(crate) fn in_use(&self) -> usize {
        self.known.borrow().count - self.free.borrow().len() - self.dropped.borrow().len()
    }

    /// `[-0, +0, -]` A free slot, which holds `false`. `None` if none is left.
    pub(crate) fn take_empty(&self, state: State) -> Option<c_int> {
        effect!(state, "[-0, +0, -]");
        state.push_boolean(false);
        let taken = self.take(state, -1);
        state.drop_to(state.top() - 1);
        taken.map(|reference| reference.slot)
    }

    /// `[-0, +0, -]` Puts the value at `index` into a slot. `None` if none is left.
    pub(crate) fn take(&self, state: State, index: c_int) -> Option<Reference> {
        effect!(state, "[-0, +0, -]");
        let mut free = self.free.borrow_mut();
        loop {
            let slot = free.pop()?;
            if let Some((address, tag)) = state.store_in_free(slot, index) {
                return Some(Reference { slot, address, tag });
            }
        }
    }

    /// Queues a slot that nobody needs any more. Takes no lock: finalizers call this.
    pub(crate) fn give_up(&self, reference: Reference) {
        if !reference.is_none() {
            self.dropped.borrow_mut().push(reference);
        }
    }

    /// `[-0, +0, -]` Empties the slots that were given up, so that Lua can collect what they held.
    #[inline]
    pub(crate) fn recycle(&self, state: State) {
        if !self.dropped.borrow().is_empty() {
            self.recycle_dropped(state);
        }
    }

    /// `[-0, +0, -]`
    #[inline(never)]
    fn recycle_dropped(&self, state: State) {
        effect!(state, "[-0, +0, -]");
        let (mut dropped, mut free) = (self.dropped.borrow_mut(), self.free.borrow_mut());
        while let Some(Reference { slot, address, tag }) = dropped.pop() {
            // SAFETY: the state is live and has room; an occupied slot is filled. No code runs.
            if unsafe { ffi::lupa_emptyslot(state.as_ptr(), slot, address, tag) } != 0 {
                free.push(slot);
            }
        }
    }
}
