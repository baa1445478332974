//! Lua inside Python: the runtime modules of the package `lupa`, on the C APIs of both.
//!
//! ```text
//! api     what Python sees: types, methods, the module          one file per type
//! bridge  the crossing: lock, slots, call, callback, errors     both worlds
//! lua     the stack, registry slots, boxes, memory              Lua without Python
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

#[cfg(not(feature = "core"))]
mod api;
#[cfg(not(feature = "core"))]
mod bridge;
mod ffi;
#[cfg(not(feature = "core"))]
mod lua;
mod py;
mod shared;
mod trace;
