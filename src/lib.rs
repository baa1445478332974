//! Lua inside Python: the runtime modules of the package `lupa`, on the C APIs of both. Without the feature `python`: Lua inside
//! a program in Rust, by the module [`lua`](mod@lua).
//!
//! ```text
//! api     what Python sees: types, methods, the module          one file per type
//! bridge  the crossing: lock, slots, call, callback, errors     both worlds
//! lua     the stack, registry slots, boxes, memory              Lua without Python; lua/host: programs in Rust
//! py      the GIL, objects, exceptions, arguments, text         Python without Lua
//! ffi     generated bindings, declarations                      names only
//! shared  what all runtime modules share (lupa._core)
//! trace   each crossing as text, if that is compiled in
//! ```
//!
//! A module uses those below it; `lua` and `py` never name each other. The C side is in `wrapper.h` and `lua/*.h`: every
//! function of Lua that may raise is called there and only there. ARCHITECTURE.md walks through one call and one callback.

#![cfg_attr(
    feature = "core",
    expect(dead_code, reason = "lupa._core needs a part of what the runtime modules need of `py` and `ffi`")
)]
#![cfg_attr(
    not(feature = "python"),
    expect(dead_code, reason = "a program in Rust needs a part of what the runtime modules need of `lua` and `ffi`")
)]

#[cfg(all(feature = "python", not(feature = "core")))]
mod api;
#[cfg(all(feature = "python", not(feature = "core")))]
mod bridge;
mod ffi;
#[cfg(not(feature = "core"))]
pub mod lua;
#[cfg(feature = "python")]
mod py;
#[cfg(feature = "python")]
mod shared;
#[cfg(feature = "python")]
mod trace;
