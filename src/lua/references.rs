//! Registry slots for values that Python holds. Slots are reserved ahead by a protected body (with `luaL_ref`, so that the
//! references of binary modules never collide with ours) and stay reserved: taking one afterwards cannot fail.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::ptr;

use super::State;

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

/// The slots of one runtime.
#[derive(Default)]
pub(crate) struct References {
    /// Reserved and free: each holds `false`.
    free: RefCell<Vec<c_int>>,
    /// Given up by Python, in any thread that holds the GIL; they still hold their values.
    dropped: RefCell<Vec<c_int>>,
}

impl References {
    /// How many slots can be taken now.
    pub(crate) fn available(&self) -> usize {
        self.free.borrow().len()
    }

    /// Adds slots that a body has just reserved.
    pub(crate) fn add(&self, slots: &[c_int]) {
        self.free.borrow_mut().extend_from_slice(slots);
    }

    /// A free slot, which holds `false`.
    pub(crate) fn take_empty(&self) -> Option<c_int> {
        self.free.borrow_mut().pop()
    }

    /// `[-1, +0, -]` Pop the value on the top into a slot. `None` (and the value is popped) if none is left.
    pub(crate) fn take(&self, state: State) -> Option<Reference> {
        let (address, tag) = (state.address(-1), state.tag(-1));
        loop {
            let Some(slot) = self.take_empty() else {
                state.drop_to(state.top() - 1);
                return None;
            };
            state.push_copy(-1);
            // A slot that a script has emptied is lost; the next one will do.
            if state.store(slot) {
                state.drop_to(state.top() - 1);
                return Some(Reference { slot, address, tag });
            }
        }
    }

    /// Queues a slot that nobody needs any more. Takes no lock: finalizers call this.
    pub(crate) fn give_up(&self, reference: Reference) {
        if !reference.is_none() {
            self.dropped.borrow_mut().push(reference.slot);
        }
    }

    /// `[-0, +0, -]` Empties the slots that were given up, so that Lua can collect what they held.
    pub(crate) fn recycle(&self, state: State) {
        loop {
            let Some(slot) = self.dropped.borrow_mut().pop() else { return };
            state.push_boolean(false);
            if state.store(slot) {
                self.free.borrow_mut().push(slot);
            }
        }
    }
}
