//! The stack checks of checked builds, as far as Rust is concerned; `lua/checks.h` are those of C. A difference ends the process,
//! since whatever follows would be worth nothing.

use std::ffi::c_int;
use std::panic::Location;

/// In a mask of differences, the bit of the difference 0.
const ZERO_BIT: c_int = 8;

/// Has a function changed the height of the stack by what is allowed?
pub(crate) fn compare(place: &Location<'_>, function: &str, effect: &str, allowed: u32, growth: c_int) {
    let bit = growth + ZERO_BIT;
    if !(0..32).contains(&bit) || allowed >> bit & 1 == 0 {
        report(place, &format!("{function}: the stack has changed by {growth:+}, stated is {effect}"));
    }
}

/// Says what is wrong, and where.
pub(crate) fn report(place: &Location<'_>, difference: &str) -> ! {
    eprintln!("lupa: stack guard: {}:{}: {difference}", place.file(), place.line());
    std::process::abort()
}
