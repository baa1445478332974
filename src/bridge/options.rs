//! What the constructor of a runtime was told.

use std::cell::RefCell;
use std::ffi::{CString, c_int};

use crate::lua::references::Reference;
use crate::py::Owned;
use crate::py::text::Encoding;

/// Constant for the life of a runtime, but for the overflow handler.
pub(crate) struct Options {
    /// Of strings both ways; `None` for bytes.
    pub(crate) encoding: Option<Encoding>,
    /// Of code, chunk names and attribute names.
    pub(crate) source_encoding: Encoding,
    pub(crate) attribute_filter: Option<Owned>,
    pub(crate) attribute_getter: Option<Owned>,
    pub(crate) attribute_setter: Option<Owned>,
    pub(crate) item_filter: Option<Owned>,
    /// Of the chunks that scripts may load, and that operations load which name none; `None` for all.
    pub(crate) mode: Option<CString>,
    /// `None` for all.
    pub(crate) libraries: Option<Libraries>,
    pub(crate) unpack_returned_tuples: bool,
    /// Python exceptions that leave Lua get the Lua traceback as a note.
    pub(crate) traceback_notes: bool,
    pub(crate) overflow_handler: RefCell<OverflowHandler>,
}

/// The standard libraries that a runtime shows.
#[derive(Clone, Copy)]
pub(crate) struct Libraries {
    /// Bit n is the n-th name of `lupa_libraries`.
    pub(crate) set: c_int,
    /// Without the single functions that the preset "safe" leaves out.
    pub(crate) only_harmless: bool,
}

/// Who converts an integer that Lua cannot represent.
#[derive(Clone)]
pub(crate) enum OverflowHandler {
    None,
    /// A Lua function; the runtime owns the registry slot, which keeps it from referring to itself through a wrapper.
    Lua(Reference),
    Python(Owned),
}

impl Options {
    /// The objects that the options hold, for the collector.
    pub(crate) fn visit(&self, mut visit: impl FnMut(&Owned) -> i32) -> i32 {
        let handler = self.overflow_handler.borrow();
        let handler = if let OverflowHandler::Python(handler) = &*handler { Some(handler) } else { None };
        let fields = [&self.attribute_filter, &self.attribute_getter, &self.attribute_setter, &self.item_filter];
        for object in fields.into_iter().flatten().chain(handler) {
            let result = visit(object);
            if result != 0 {
                return result;
            }
        }
        0
    }
}
