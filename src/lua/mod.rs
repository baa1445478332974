//! Lua without Python: the stack, registry slots, boxes, memory. Nothing here names an object of Python.
//!
//! Without the feature `python` this is the library of a program in Rust. It is small and low: a [`Runtime`] is a Lua state, a
//! [`Frame`] its stack with the operations on it, [`Results`] are the values that an operation has left there.
//!
//! ```
//! # fn main() -> Result<(), lupa::lua::Error> {
//! let mut runtime = lupa::lua::Runtime::new()?;
//! let mut lua = runtime.enter();
//! let greeting = lua.run("return 'Hello ' .. ...", c"=greeting", &["Rust".into()])?;
//! assert_eq!(greeting.value(0)?.text().as_deref(), Some("Hello Rust"));
//! # Ok(())
//! # }
//! ```
//!
//! What holds in the Python package holds here (ARCHITECTURE.md):
//!
//! * **No error of Lua passes Rust.** An operation is one protected call of a body in C (`lua/bodies.h`), and its error an
//!   [`Error`]. Functions of Lua that may raise have no name in Rust.
//! * **Each function states what it does to the stack**, as Lua's manual does: `[-pops, +pushes, raises]`. With the feature
//!   `checked` each is compared with its statement, and a difference ends the process with the place.
//! * **Arguments are converted before anything is pushed**, and what is read stays where it is until the [`Results`] are dropped.
//! * **An [`Object`] is a registry slot**, compared with what it should hold before it is used: a script with the debug library
//!   can take it away ([`ErrorKind::LostReference`]), not exchange it.
//!
//! One Cargo feature names the Lua: `lua51` to `lua55`, `luajit20`, `luajit21`. The program has that one.

#![warn(missing_docs)]

#[cfg(feature = "python")]
pub(crate) mod blocks;
pub(crate) mod bodies;
pub(crate) mod boxes;
#[cfg(feature = "checked")]
pub(crate) mod faults;
pub(crate) mod guard;
pub(crate) mod life;
pub(crate) mod memory;
pub(crate) mod native_stack;
pub(crate) mod numbers;
pub(crate) mod references;
pub(crate) mod stack;
pub(crate) mod traceback;

#[cfg(not(feature = "python"))]
mod host;

#[cfg(not(feature = "python"))]
pub use host::{Error, ErrorKind, Frame, Object, Options, Results, Runtime, Value};
pub use memory::Allocator;
pub(crate) use stack::State;
pub use stack::Type;
