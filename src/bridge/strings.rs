//! Strings that programs use again and again, such as names and keys. The Lua string of a short Python one waits in a registry
//! slot, which is found by the content: who has the same bytes gets the same string, whatever object they come from. The Python
//! string of a short Lua one waits in a list. Both caches are small, and made when first used.

use std::cell::RefCell;
use std::ffi::c_int;

use crate::ffi::lua as ffi;
use crate::lua::guard::effect;
use crate::py::text::{self, Encoding};
use crate::py::{Borrowed, Owned, error};

use super::crossing::Locked;

const SIZE: usize = 128;

/// Longer strings are not kept.
const LONGEST: usize = 32;

/// A registry slot, and the hash of the string that was put there, or will be; C compares the string itself.
#[derive(Clone, Copy, Default)]
struct Known {
    slot: c_int,
    hash: u64,
    /// Of the string that was asked for last and is not known: kept when it is asked for again.
    candidate: u64,
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
            && options.encoding.as_ref().is_none_or(Encoding::is_simple)
            && options.source_encoding.is_simple()
    }

    /// The registry slot with the Lua string of a `str` that is known, where all encodings agree about it, and its bytes, which live as
    /// long as the `str`.
    #[inline]
    pub(super) fn text_in_lua<'a>(&self, text: Borrowed<'a>) -> Option<(c_int, &'a [u8])> {
        let options = &self.runtime.options;
        let encoding = options.encoding.as_ref()?;
        // SAFETY: the caller has seen that it is a str.
        let bytes = unsafe { text::in_place(text, encoding) }?;
        if options.source_encoding != *encoding && !bytes.is_ascii() {
            return None;
        }
        let handed = self.runtime.handed_key.get();
        let slot = if handed.text == text.as_ptr() { handed.slot } else { self.string_in_lua(bytes)? };
        Some((slot, bytes))
    }

    /// The registry slot of a string that is known.
    #[inline]
    pub(super) fn string_in_lua(&self, bytes: &[u8]) -> Option<c_int> {
        if bytes.len() > LONGEST {
            return None;
        }
        let hash = hash(bytes);
        let strings = self.runtime.strings.to_lua.borrow();
        strings.get(place(hash)).filter(|known| known.hash == hash).map(|known| known.slot)
    }

    /// `[-0, +0|1, -]` Pushes the string that a registry slot should hold.
    pub(super) fn push_string_in(&self, slot: c_int, bytes: &[u8]) -> bool {
        effect!(self.state(), "[-0, +0|1, -]");
        // SAFETY: the state is live and has room.
        unsafe { ffi::lupa_directstring(self.state().as_ptr(), slot, bytes.as_ptr().cast(), bytes.len()) != 0 }
    }

    /// `[-0, +0, -]` The registry slot for a string that goes the long way for the second time: C finds it there, or puts it there
    /// (`lupa_pushstring`). 0 for strings that are not kept, also where there is no memory for that.
    pub(crate) fn learn_string(&self, bytes: &[u8]) -> c_int {
        effect!(self.state(), "[-0, +0, -]");
        if bytes.len() > LONGEST || !self.has_caches() {
            return 0;
        }
        let hash = hash(bytes);
        let Some(slot) = self.note_string(hash) else { return 0 };
        if slot != 0 {
            return slot;
        }
        if let Err(raised) = self.reserve(1) {
            error::clear(self.gil, raised);
            return 0;
        }
        let mut strings = self.runtime.strings.to_lua.borrow_mut();
        match strings.get_mut(place(hash)) {
            Some(known) if known.slot == 0 => {
                known.slot = self.runtime.references.take_empty(self.state()).unwrap_or(0);
                known.slot
            }
            // The runtime was closed meanwhile, or a finalizer was quicker.
            _ => 0,
        }
    }

    /// Notes that a string was asked for: its registry slot (0 if there is none yet) from the second time on.
    fn note_string(&self, hash: u64) -> Option<c_int> {
        let mut strings = self.runtime.strings.to_lua.borrow_mut();
        if strings.is_empty() {
            strings.resize(SIZE, Known::default());
        }
        let known = &mut strings[place(hash)];
        if known.candidate == hash {
            known.hash = hash;
        }
        known.candidate = hash;
        (known.hash == hash).then_some(known.slot)
    }

    /// The `str` for a short string of Lua, which was met before or will be met again.
    pub(crate) fn known_text(&self, bytes: &[u8], encoding: &Encoding) -> Option<Owned> {
        if bytes.len() > LONGEST {
            return None;
        }
        let strings = self.runtime.strings.to_python.borrow();
        let text = strings.get(place_of(bytes.as_ptr().addr()))?.text.as_ref()?;
        // SAFETY: only str objects are kept.
        (unsafe { text::in_place(text.borrow(), encoding) } == Some(bytes)).then(|| text.clone())
    }

    /// Remembers the `str` for a string of Lua that was met for the second time.
    pub(crate) fn learn_text(&self, bytes: &[u8], text: &Owned, encoding: &Encoding) {
        // Python has each string of one character once.
        if bytes.len() > LONGEST || bytes.len() < 2 || !self.has_caches() {
            return;
        }
        let mut strings = self.runtime.strings.to_python.borrow_mut();
        if strings.is_empty() {
            strings.resize_with(SIZE, Met::default);
        }
        let address = bytes.as_ptr().addr();
        let met = &mut strings[place_of(address)];
        // SAFETY: the text is a str; its bytes stay in the object from now on.
        let met_again = met.candidate == address && unsafe { text::put_in_place(self.gil, text.borrow(), encoding) };
        if met_again {
            met.text = Some(text.clone());
        }
        met.candidate = address;
    }
}

/// The place of a string by its address; equal strings of Lua are mostly one.
fn place_of(address: usize) -> usize {
    ((address >> 4) ^ (address >> 11)) % SIZE
}

/// The place of a string by its hash.
fn place(hash: u64) -> usize {
    (hash >> 32) as usize % SIZE
}

/// A hash of a short string: of its first and last bytes. Strings with the same one only take each other's place.
fn hash(bytes: &[u8]) -> u64 {
    // The multiplier is 2^64 divided by the golden ratio.
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let (first, last) = match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_ne_bytes(*first), u64::from_ne_bytes(*last)),
        _ => match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => (u32::from_ne_bytes(*first).into(), u32::from_ne_bytes(*last).into()),
            _ => (0, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        },
    };
    mix(mix(mix(bytes.len() as u64, first), last), 1)
}
