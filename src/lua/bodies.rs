//! What the bodies of `lua/bodies.h` are asked for: the part of an operation that does not depend on the host.

use std::ffi::CStr;

use crate::ffi::lua::{self as ffi, LupaOperation};

/// Which body runs; see `enum LupaFunction`, which also has those that nobody asks for by name.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(Debug))]
#[repr(u32)]
pub(crate) enum Body {
    Call = ffi::LUPA_CALL,
    Run = ffi::LUPA_RUN,
    Load = ffi::LUPA_LOAD,
    #[cfg(not(feature = "python"))]
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
    #[cfg(not(feature = "python"))]
    Function = ffi::LUPA_FUNCTION,
}

/// An operation without values.
pub(crate) fn blank() -> LupaOperation {
    // SAFETY: for plain C data, all zero is the empty state.
    unsafe { std::mem::zeroed() }
}

/// Adds a chunk to load. The bytes and names have to outlive the operation.
pub(crate) fn set_chunk(operation: &mut LupaOperation, chunk: &[u8], name: &CStr, mode: Option<&CStr>) {
    operation.chunk = chunk.as_ptr().cast();
    operation.size = chunk.len();
    operation.name = name.as_ptr();
    operation.mode = mode.map_or(std::ptr::null(), CStr::as_ptr);
}
