//! Lua without Python: the stack of a state, registry slots, boxes, memory. Nothing here names an object of Python.

pub(crate) mod boxes;
#[cfg(feature = "checked")]
pub(crate) mod faults;
pub(crate) mod guard;
pub(crate) mod memory;
pub(crate) mod references;
pub(crate) mod stack;

pub(crate) use stack::State;
