//! Integers as Lua has them: of its own kind, or as floats, where not each integer has one.

use crate::ffi::lua as ffi;

/// Above this, a float does not represent every integer any more.
const MAX_EXACT: i64 = 1 << 53;

/// A number as Lua will have it.
#[derive(Clone, Copy)]
pub(crate) enum Exact {
    Integer(ffi::lua_Integer),
    Number(ffi::lua_Number),
}

/// An integer that Lua represents exactly.
pub(crate) fn exact(integer: i64) -> Exact {
    if ffi::LUPA_HAS_INTEGERS != 0 {
        Exact::Integer(integer as ffi::lua_Integer)
    } else {
        Exact::Number(integer as ffi::lua_Number)
    }
}

/// Does Lua have a number of exactly this value?
pub(crate) fn is_exact(integer: i64) -> bool {
    if ffi::LUPA_HAS_INTEGERS != 0 {
        return ffi::lua_Integer::try_from(integer).is_ok();
    }
    integer.unsigned_abs() <= MAX_EXACT.unsigned_abs() || {
        let number = integer as f64;
        // 2^63 itself is no i64.
        number < 9_223_372_036_854_775_808.0 && number as i64 == integer
    }
}
