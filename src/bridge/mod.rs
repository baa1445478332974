//! Where both worlds meet. There are two crossings: Python asks Lua for something (`crossing`), and Lua asks Python for
//! something (`entry`). Values travel in slots (`marshal`) and are read off the stack (`unmarshal`).

pub(crate) mod ahead;
pub(crate) mod answers;
pub(crate) mod arguments;
pub(crate) mod attributes;
pub(crate) mod callback;
pub(crate) mod crossing;
pub(crate) mod direct;
pub(crate) mod entry;
pub(crate) mod errors;
pub(crate) mod iteration;
pub(crate) mod lifetime;
pub(crate) mod lock;
pub(crate) mod marshal;
pub(crate) mod operation;
pub(crate) mod options;
pub(crate) mod overflow;
mod plain;
pub(crate) mod protocols;
pub(crate) mod runtime;
pub(crate) mod slots;
pub(crate) mod strings;
pub(crate) mod table_builder;
mod table_sources;
pub(crate) mod table_stream;
pub(crate) mod traceback;
pub(crate) mod unmarshal;
pub(crate) mod walk;
pub(crate) mod wrapper;
