//! One operation for a body of `lua/bodies.h`.

use std::ffi::{CStr, c_int};

use crate::ffi::lua::LupaOperation;
use crate::lua::bodies;

pub(crate) use crate::lua::bodies::Body;

use super::runtime::Runtime;
use super::slots::Slots;

/// What a body gets, and what it says besides its results.
pub(crate) struct Operation {
    pub(crate) slots: Slots,
    pub(crate) for_c: LupaOperation,
}

impl Operation {
    /// Inlined, so that it is made where it stays.
    #[inline(always)]
    pub(crate) fn new(runtime: &Runtime) -> Operation {
        Operation { slots: Slots::new(runtime), for_c: bodies::blank() }
    }

    pub(crate) fn with_number(runtime: &Runtime, number: c_int) -> Operation {
        let mut operation = Operation::new(runtime);
        operation.for_c.number = number;
        operation
    }

    /// Adds a chunk to load. The bytes and names have to outlive the operation.
    pub(crate) fn set_chunk(&mut self, chunk: &[u8], name: &CStr, mode: Option<&CStr>) {
        bodies::set_chunk(&mut self.for_c, chunk, name, mode);
    }

    /// Lets C see the slots that are there now.
    pub(crate) fn ready(&mut self) -> *mut LupaOperation {
        let slots = self.slots.as_mut_slice();
        self.for_c.count = c_int::try_from(slots.len()).unwrap_or(c_int::MAX);
        self.for_c.slots = slots.as_mut_ptr();
        &raw mut self.for_c
    }
}
