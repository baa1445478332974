//! Python without Lua: the GIL, objects, exceptions, arguments, text, type specs. Nothing here knows of a runtime.

pub(crate) mod args;
pub(crate) mod call;
pub(crate) mod definition;
pub(crate) mod edge;
pub(crate) mod error;
pub(crate) mod gil;
pub(crate) mod object;
pub(crate) mod spare;
pub(crate) mod text;
pub(crate) mod types;

pub(crate) use edge::edge;
pub(crate) use error::Raised;
pub(crate) use gil::Gil;
pub(crate) use object::{Borrowed, Owned};
