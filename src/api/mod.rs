//! What Python sees: one file per type, and the module. Python-visible names exist only here.

#[cfg(feature = "checked")]
mod checked;
mod copying;
mod coroutine;
mod function;
mod identity;
mod iterator;
mod libraries;
mod module;
mod nogc;
pub(crate) mod object;
mod runtime;
mod runtime_docs;
mod runtime_memory;
mod runtime_new;
mod table;
mod throwing;
