//! The beginning and the end of a state, as far as they do not depend on the host.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;

use crate::ffi::lua::{self as ffi, LupaRuntime, lua_State};

#[cfg(feature = "python")]
use super::blocks::{self, Blocks};
use super::boxes::Boxes;
use super::memory::{self, Memory};

/// A new state, or null: there is no memory, or this Lua takes no allocator.
///
/// # Safety
/// The memory lives as long as the state.
pub(crate) unsafe fn new_state(memory: Option<&Memory>, seed: Option<u32>) -> *mut lua_State {
    // SAFETY: plain creation; the data of the allocator lives long enough.
    unsafe {
        match memory {
            None => ffi::luaL_newstate(),
            Some(memory) => {
                let data = ptr::from_ref(memory).cast_mut().cast();
                ffi::lupa_newstate(Some(memory::allocate), data, c_int::from(seed.is_some()), seed.unwrap_or(0))
            }
        }
    }
}

/// A new state in the memory of the C library, where freed small blocks wait for the next request if they may; or null: there is no
/// memory.
///
/// # Safety
/// The blocks and the C side live as long as the state.
#[cfg(feature = "python")]
pub(crate) unsafe fn new_usual_state(blocks: &Blocks, c: *mut LupaRuntime) -> *mut lua_State {
    // SAFETY: plain creation; the data of the allocator lives long enough.
    unsafe {
        if cfg!(lupa_keeps_blocks) {
            let data = ptr::from_ref(blocks).cast_mut().cast();
            let state = ffi::lupa_newstate(Some(blocks::allocate), data, 0, 0);
            if !state.is_null() {
                ffi::lupa_setwarn(state, Some(ffi::lupa_warn), c.cast());
            }
            state
        } else {
            ffi::luaL_newstate()
        }
    }
}

/// The C side of a runtime that has no state yet. `none` stands in for the counters of a runtime without memory of its own.
///
/// # Safety
/// All pointers are good for as long as the result is used, which does not move.
pub(crate) unsafe fn connect(
    c: *mut LupaRuntime,
    owner: *mut c_void,
    memory: Option<&Memory>,
    boxes: *const Boxes,
    none: &Cell<c_int>,
) {
    // SAFETY: promised by the caller.
    unsafe {
        (*c).owner = owner;
        (*c).over_limit = memory.map_or(none.as_ptr(), Memory::over_limit);
        (*c).refused = memory.map_or(none.as_ptr().cast_const(), Memory::refusals);
        (*c).counts_memory = c_int::from(memory.is_some());
        if let Some(memory) = memory {
            memory.watch(boxes, &raw mut (*c).dead);
        }
    }
}
