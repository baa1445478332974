//! Strings that programs use again and again, such as names and keys: the Lua string of an interned Python one waits in a
//! registry slot, the Python string of a short Lua one in a list. Both caches are small, and made when first used.

use std::cell::RefCell;
use std::ffi::c_int;
use std::ptr;

use crate::ffi::lua as ffi;
use crate::ffi::python::*;
use crate::lua::guard::effect;
use crate::lua::references::Reference;
use crate::py::text::{self, Encoding};
use crate::py::{Borrowed, Owned, error};

use super::crossing::Locked;
use super::operation::{Body, Operation};

const SIZE: usize = 128;

/// Longer strings are not kept.
const LONGEST: usize = 32;

/// An interned Python string, and where its Lua string is.
struct Known {
    text: Option<Owned>,
    /// The characters of the text.
    bytes: *const u8,
    size: usize,
    slot: Reference,
    /// The string that was asked for last and is not known: kept when it is asked for again. No reference, only compared.
    candidate: *mut PyObject,
}

impl Default for Known {
    fn default() -> Known {
        Known { text: None, bytes: ptr::null(), size: 0, slot: Reference::NONE, candidate: ptr::null_mut() }
    }
}

/// A short Lua string that was met, by its address.
#[derive(Default)]
struct Met {
    text: Option<Owned>,
    /// The string that was met last and is not kept: kept when it is met again. No reference, only compared.
    candidate: usize,
}

/// The caches of one runtime.
#[derive(Default)]
pub(crate) struct Strings {
    to_lua: RefCell<Vec<Known>>,
    to_python: RefCell<Vec<Met>>,
}

/// The characters of a short ASCII string.
///
/// # Safety
/// `string` is exactly a `str`, and outlives the result.
unsafe fn short_ascii<'a>(string: *mut PyObject) -> Option<&'a [u8]> {
    // SAFETY: promised by the caller.
    unsafe { text::ascii(Borrowed::from_ptr(string)).filter(|characters| characters.len() <= LONGEST) }
}

impl Strings {
    /// Lets go of the Python strings; the Lua strings go with the state.
    pub(crate) fn clear(&self) {
        self.to_lua.take();
        self.to_python.take();
    }
}

impl Locked<'_> {
    /// Are there caches? Where memory is counted, a script could tell; other encodings have to be asked.
    fn has_caches(&self) -> bool {
        let options = &self.runtime.options;
        self.runtime.memory.is_none()
            && options.encoding.as_ref().is_some_and(Encoding::is_simple)
            && options.source_encoding.is_simple()
    }

    /// The registry slot with the Lua string of a `str` that is known, and the bytes of that, which live as long as the `str`.
    #[inline(always)]
    pub(super) fn string_in_lua<'a>(&self, text: Borrowed<'a>) -> Option<(c_int, &'a [u8])> {
        let strings = self.runtime.strings.to_lua.borrow();
        let known = strings.get(place(text.as_ptr().addr()))?;
        if known.text.as_ref()?.as_ptr() != text.as_ptr() {
            return None;
        }
        // SAFETY: the bytes are those of the text, which does not change.
        Some((known.slot.slot, unsafe { std::slice::from_raw_parts(known.bytes, known.size) }))
    }

    /// `[-0, +0|1, -]` Pushes the Lua string of a `str` that is known.
    #[inline(never)]
    pub(crate) fn push_known_string(&self, text: Borrowed<'_>) -> bool {
        effect!(self.state(), "[-0, +0|1, -]");
        let Some((slot, bytes)) = self.string_in_lua(text) else { return false };
        // SAFETY: the state is live and has room.
        unsafe { ffi::lupa_directstring(self.state().as_ptr(), slot, bytes.as_ptr().cast(), bytes.len()) != 0 }
    }

    /// `[-0, +0, -]` Remembers a `str` that goes the long way for the second time. That this fails, for want of memory, does
    /// not matter.
    pub(crate) fn learn_string(&self, text: Borrowed<'_>) {
        effect!(self.state(), "[-0, +0, -]");
        if !self.has_caches() || !self.is_candidate(text) {
            return;
        }
        if let Err(raised) = self.keep_string(text) {
            error::clear(self.gil, raised);
        }
    }

    /// Does an interned string come for the second time, and is not known yet?
    fn is_candidate(&self, text: Borrowed<'_>) -> bool {
        // SAFETY: the object is alive, and a str.
        let suits = unsafe {
            text.type_ptr() == &raw mut PyUnicode_Type
                && (*text.as_ptr().cast::<PyASCIIObject>()).interned() != SSTATE_NOT_INTERNED
                && short_ascii(text.as_ptr()).is_some()
        };
        if !suits {
            return false;
        }
        let mut strings = self.runtime.strings.to_lua.borrow_mut();
        if strings.is_empty() {
            strings.resize_with(SIZE, Known::default);
        }
        let known = &mut strings[place(text.as_ptr().addr())];
        if known.text.as_ref().is_some_and(|other| other.as_ptr() == text.as_ptr()) {
            return false;
        }
        let again = known.candidate == text.as_ptr();
        known.candidate = text.as_ptr();
        again
    }

    /// `[-0, +0, -]` Puts the Lua string of a short ASCII string into a registry slot.
    fn keep_string(&self, text: Borrowed<'_>) -> Result<(), crate::py::Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let mut operation = Operation::new(self.runtime);
        // SAFETY: the candidate is a short ASCII string.
        let Some(bytes) = (unsafe { short_ascii(text.as_ptr()) }) else { return Ok(()) };
        operation.slots.add_string(bytes.as_ptr().cast(), bytes.len(), text.hold());
        let results = self.perform(Body::Push, &mut operation)?;
        let slot = self.refer(results.index(0))?;
        let known =
            Known { text: Some(text.hold()), bytes: bytes.as_ptr(), size: bytes.len(), slot, ..Known::default() };
        let old = match self.runtime.strings.to_lua.borrow_mut().get_mut(place(text.as_ptr().addr())) {
            Some(place) => std::mem::replace(place, known),
            // The runtime was closed meanwhile.
            None => known,
        };
        self.runtime.references.give_up(old.slot);
        Ok(())
    }

    /// The `str` for a short ASCII string of Lua, which was met before or will be met again.
    pub(crate) fn known_text(&self, bytes: &[u8]) -> Option<Owned> {
        if bytes.is_empty() || bytes.len() > LONGEST || !self.has_caches() {
            return None;
        }
        let strings = self.runtime.strings.to_python.borrow();
        let text = strings.get(place(bytes.as_ptr().addr()))?.text.as_ref()?;
        // SAFETY: only exact str objects are kept.
        (unsafe { short_ascii(text.as_ptr()) } == Some(bytes)).then(|| text.clone())
    }

    /// Remembers the `str` for a string of Lua that was met for the second time.
    pub(crate) fn learn_text(&self, bytes: &[u8], text: &Owned) {
        // SAFETY: the text was decoded just now: it is exactly a str.
        if bytes.is_empty() || !self.has_caches() || unsafe { short_ascii(text.as_ptr()) }.is_none() {
            return;
        }
        let mut strings = self.runtime.strings.to_python.borrow_mut();
        if strings.is_empty() {
            strings.resize_with(SIZE, Met::default);
        }
        let address = bytes.as_ptr().addr();
        let met = &mut strings[place(address)];
        if met.candidate == address {
            met.text = Some(text.clone());
        }
        met.candidate = address;
    }
}

/// The place of a string by its address; equal strings of Lua are mostly one, interned ones of Python always.
fn place(address: usize) -> usize {
    ((address >> 4) ^ (address >> 11)) % SIZE
}
