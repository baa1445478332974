//! One operation for a body of `lua/bodies.h`.

use std::ffi::{CStr, c_int};

use crate::ffi::lua::{self as ffi, LupaOperation};

use super::runtime::Runtime;
use super::slots::Slots;

/// Which body runs; see `enum LupaFunction`, which also has those that nobody asks for by name.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(Debug))]
#[repr(u32)]
pub(crate) enum Body {
    Call = ffi::LUPA_CALL,
    Run = ffi::LUPA_RUN,
    Load = ffi::LUPA_LOAD,
    Push = ffi::LUPA_PUSH,
    Get = ffi::LUPA_GET,
    Set = ffi::LUPA_SET,
    Len = ffi::LUPA_LEN,
    ToString = ffi::LUPA_TOSTRING,
    Fill = ffi::LUPA_FILL,
    Next = ffi::LUPA_NEXT,
    Require = ffi::LUPA_REQUIRE,
    Reserve = ffi::LUPA_RESERVE,
    Collect = ffi::LUPA_COLLECT,
    NewThread = ffi::LUPA_NEWTHREAD,
    Resume = ffi::LUPA_RESUME,
    Throw = ffi::LUPA_THROW,
    Close = ffi::LUPA_CLOSE,
    Expand = ffi::LUPA_EXPAND,
}

/// What a body gets, and what it says besides its results.
pub(crate) struct Operation {
    pub(crate) slots: Slots,
    pub(crate) for_c: LupaOperation,
}

impl Operation {
    pub(crate) fn new(runtime: &Runtime) -> Operation {
        Operation::with(Slots::new(runtime))
    }

    pub(crate) fn with(slots: Slots) -> Operation {
        // SAFETY: for plain C data, all zero is the empty state.
        Operation { slots, for_c: unsafe { std::mem::zeroed() } }
    }

    pub(crate) fn with_number(runtime: &Runtime, number: c_int) -> Operation {
        let mut operation = Operation::new(runtime);
        operation.for_c.number = number;
        operation
    }

    /// Adds a chunk to load. The bytes and names have to outlive the operation.
    pub(crate) fn set_chunk(&mut self, chunk: &[u8], name: &CStr, mode: Option<&CStr>) {
        self.for_c.chunk = chunk.as_ptr().cast();
        self.for_c.size = chunk.len();
        self.for_c.name = name.as_ptr();
        self.for_c.mode = mode.map_or(std::ptr::null(), CStr::as_ptr);
    }

    /// Lets C see the slots that are there now.
    pub(crate) fn ready(&mut self) -> *mut LupaOperation {
        let slots = self.slots.as_mut_slice();
        self.for_c.count = c_int::try_from(slots.len()).unwrap_or(c_int::MAX);
        self.for_c.slots = slots.as_mut_ptr();
        &raw mut self.for_c
    }
}
