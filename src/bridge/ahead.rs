//! Reading ahead: while nothing changes between the steps of a walk over an array, one step reads several values, which the next
//! steps hand out without entering the runtime. As soon as anything may have changed, what was read ahead is forgotten, and the
//! walk goes on from the last key that was handed out.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_int;

use crate::ffi::lua as ffi;
use crate::lua::guard::effect;
use crate::lua::stack::Type;
use crate::py::{Owned, error, object};

use super::crossing::Locked;
use super::unmarshal::number;

/// How many values are read at once, at most: a loop that ends early has asked for the rest in vain.
const MOST: usize = 16;

/// What a walk has read ahead: keys, and what Python is to get for each. These are plain values: reading them has run no code,
/// and dropping them runs none.
#[derive(Default)]
pub(crate) struct Ahead {
    items: RefCell<VecDeque<(c_int, Owned)>>,
    /// How many were read the last time.
    number: Cell<usize>,
    /// There was nothing to read once; then it is not tried again.
    futile: Cell<bool>,
}

impl Ahead {
    pub(super) fn take(&self) -> Option<(c_int, Owned)> {
        self.items.borrow_mut().pop_front()
    }

    /// Forgets what is left, since something may have changed.
    pub(super) fn forget(&self) {
        self.items.borrow_mut().clear();
        self.number.set(0);
    }

    /// Gives back all memory: the walk is over.
    pub(crate) fn end(&self) {
        self.items.take();
    }
}

impl Locked<'_> {
    /// `[-0, +0, -]` Reads what follows `key` in the table at `index`, as long as keys are small integers and `read_plain`, which
    /// gets the index of a key with the value after it, has an answer. `key` is in the table.
    pub(super) fn read_ahead(
        &self,
        index: c_int,
        key: c_int,
        ahead: &Ahead,
        read_plain: impl Fn(c_int) -> Option<Owned>,
    ) {
        effect!(self.state(), "[-0, +0, -]");
        if ahead.futile.get() || self.is_registry(index) {
            return;
        }
        let state = self.state();
        let base = state.top();
        let mut items = ahead.items.borrow_mut();
        ahead.number.set((2 * ahead.number.get() + 2).min(MOST));
        // SAFETY: the state is live and has room; the key is in the table, and so is each that follows.
        unsafe {
            ffi::lua_pushvalue(state.as_ptr(), index); // table
            ffi::lua_pushinteger(state.as_ptr(), key as ffi::lua_Integer); // table key
            while items.len() < ahead.number.get() && ffi::lupa_directnext(state.as_ptr(), 1) != 0 {
                let Some(next) = self.small_integer(base + 2) else { break };
                let Some(item) = read_plain(base + 2) else { break };
                items.push_back((next, item));
                state.drop_to(base + 2); // table key
            }
        }
        ahead.futile.set(items.is_empty());
        state.drop_to(base);
    }

    /// `[-0, +0, -]` Is the table at `index` the registry? Its slots change without Lua, as wrappers come and go.
    fn is_registry(&self, index: c_int) -> bool {
        // SAFETY: the runtime is locked; its C side does not change meanwhile.
        self.state().address(index) == unsafe { (*self.runtime.shared_with_c.get()).registry }
    }

    /// `[-0, +0, -]` The value at `index`, if making a Python object of it runs no code. An error is left to who asks next.
    pub(crate) fn unmarshal_plain(&self, index: c_int) -> Option<Owned> {
        effect!(self.state(), "[-0, +0, -]");
        let state = self.state();
        let plain = match state.type_of(index) {
            Type::Boolean => Ok(object::boolean(state.read_boolean(index))),
            Type::Number => number(state.read_number(index)),
            Type::String => {
                let bytes = state.read_string(index);
                if !bytes.is_ascii() || !self.decodes_simply() {
                    return None;
                }
                self.unmarshal_string(bytes)
            }
            _ => return None,
        };
        plain.map_err(|raised| error::clear(self.gil, raised)).ok()
    }

    fn decodes_simply(&self) -> bool {
        self.runtime.options.encoding.as_ref().is_none_or(|encoding| encoding.is_simple())
    }
}
