//! Names only: the generated bindings to Lua and to our C side, and what pyo3-ffi does not declare.

#[cfg(feature = "checked")]
pub(crate) mod checks;
#[cfg(not(feature = "core"))]
pub(crate) mod lua;
#[cfg(feature = "python")]
pub(crate) mod python;
