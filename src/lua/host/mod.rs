//! A program in Rust as the host of Lua, where the host is not Python: what `bridge` and `api` are there.

mod error;
mod frame;
mod functions;
mod runtime;
mod value;

pub use error::{Error, ErrorKind};
pub use frame::{Frame, Results};
pub use runtime::{Options, Runtime};
pub use value::{Object, Value};
