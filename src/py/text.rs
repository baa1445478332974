//! Text and bytes: the names of encodings, encoding and decoding with UTF-8 as the short way.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use crate::ffi::python::*;

use super::error::{raise_type_error, raise_value_error};
use super::{Borrowed, Gil, Owned, Raised, call, error};

/// An encoding. Its name is looked up by Python when it is first used.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Named(CString),
}

impl Encoding {
    fn from_name(name: &[u8]) -> Encoding {
        let plain: Vec<u8> = name.iter().filter(|c| !b"-_".contains(c)).map(u8::to_ascii_lowercase).collect();
        match CString::new(name) {
            _ if plain == b"utf8" => Encoding::Utf8,
            _ if plain == b"latin1" || plain == b"iso88591" => Encoding::Latin1,
            Ok(name) => Encoding::Named(name),
            Err(nul) => Encoding::Named(CString::new(&name[..nul.nul_position()]).unwrap_or_default()),
        }
    }

    /// Is it done without asking Python's registry of codecs, which may run any code? ASCII is the same in those.
    pub(crate) fn is_simple(&self) -> bool {
        matches!(self, Encoding::Utf8 | Encoding::Latin1)
    }
}

/// The ASCII name in an argument (`str`, or anything with a buffer), or nothing for `None`.
pub(crate) fn ascii_name(gil: Gil<'_>, argument: Borrowed<'_>) -> Result<Option<Vec<u8>>, Raised> {
    if argument.is_none() {
        return Ok(None);
    }
    // SAFETY: the GIL is held, the argument alive; the bytes are copied before anything else runs.
    unsafe {
        if PyUnicode_Check(argument.as_ptr()) != 0 {
            let encoded = Owned::from_new(PyUnicode_AsASCIIString(argument.as_ptr()))?;
            return Ok(Some(bytes_of(encoded.borrow()).to_vec()));
        }
        let Some(name) = bytes_like(gil, argument)? else {
            let class = call::repr(gil, Borrowed::from_ptr(argument.type_ptr().cast()))?;
            return Err(raise_value_error(gil, &format!("expected string, got {class}")));
        };
        let name = bytes_of(name.borrow());
        if name.is_ascii() {
            Ok(Some(name.to_vec()))
        } else {
            Err(raise_value_error(gil, "byte string input has unknown encoding, only ASCII is allowed"))
        }
    }
}

/// The encoding that an argument names; nothing for `None`.
pub(crate) fn encoding(gil: Gil<'_>, argument: Borrowed<'_>) -> Result<Option<Encoding>, Raised> {
    Ok(ascii_name(gil, argument)?.map(|name| Encoding::from_name(&name)))
}

/// The content of a `bytes` object.
///
/// # Safety
/// The object is a `bytes` object.
pub(crate) unsafe fn bytes_of(object: Borrowed<'_>) -> &[u8] {
    // SAFETY: a bytes object does not change and lives as long as the borrow.
    unsafe {
        let size = usize::try_from(PyBytes_Size(object.as_ptr())).unwrap_or(0);
        std::slice::from_raw_parts(PyBytes_AsString(object.as_ptr()).cast(), size)
    }
}

/// A `bytes` object with the content of any object that has the buffer protocol; nothing for other objects.
pub(crate) fn bytes_like(_gil: Gil<'_>, object: Borrowed<'_>) -> Result<Option<Owned>, Raised> {
    // SAFETY: the GIL is held, the object alive. What is asked for its buffer may run any code.
    unsafe {
        if PyObject_CheckBuffer(object.as_ptr()) == 0 {
            return Ok(None);
        }
        Owned::from_new(PyBytes_FromObject(object.as_ptr())).map(Some)
    }
}

/// Bytes that came out of a `str`: inside the object itself, or in a new `bytes` object.
pub(crate) struct Encoded {
    pub(crate) pointer: *const c_char,
    pub(crate) size: usize,
    /// What keeps them alive.
    pub(crate) owner: Owned,
}

impl Encoded {
    /// The content of a `bytes` object.
    ///
    /// # Safety
    /// The object is a `bytes` object.
    unsafe fn of_bytes(owner: Owned) -> Encoded {
        // SAFETY: promised by the caller.
        let (pointer, size) = unsafe { (PyBytes_AsString(owner.as_ptr()), PyBytes_Size(owner.as_ptr())) };
        Encoded { pointer, size: usize::try_from(size).unwrap_or(0), owner }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: neither `str` nor `bytes` objects change, and the owner keeps them alive.
        unsafe { std::slice::from_raw_parts(self.pointer.cast(), self.size) }
    }
}

/// The characters of a `str` that is known to be ASCII: they lie in the object.
///
/// # Safety
/// The object is a `str`.
pub(crate) unsafe fn ascii<'a>(text: Borrowed<'a>) -> Option<&'a [u8]> {
    // SAFETY: promised by the caller; a compact ASCII string has its characters in the object, which is alive for 'a.
    unsafe {
        if PyUnicode_IS_COMPACT_ASCII(text.as_ptr()) == 0 {
            return None;
        }
        let size = usize::try_from(PyUnicode_GET_LENGTH(text.as_ptr())).ok()?;
        Some(std::slice::from_raw_parts(PyUnicode_1BYTE_DATA(text.as_ptr()), size))
    }
}

/// The characters of a `str` that are known to be of Latin-1: they lie in the object, a byte each.
///
/// # Safety
/// The object is a `str`.
unsafe fn latin1<'a>(text: Borrowed<'a>) -> Option<&'a [u8]> {
    // SAFETY: promised by the caller; a compact string has its characters in the object, which is alive for 'a.
    unsafe {
        if PyUnicode_IS_COMPACT(text.as_ptr()) == 0 || PyUnicode_KIND(text.as_ptr()) != PyUnicode_1BYTE_KIND {
            return None;
        }
        let size = usize::try_from(PyUnicode_GET_LENGTH(text.as_ptr())).ok()?;
        Some(std::slice::from_raw_parts(PyUnicode_1BYTE_DATA(text.as_ptr()), size))
    }
}

/// The bytes of a `str` in an encoding, if they lie in the object.
///
/// # Safety
/// The object is a `str`.
#[inline]
pub(crate) unsafe fn in_place<'a>(text: Borrowed<'a>, encoding: &Encoding) -> Option<&'a [u8]> {
    // SAFETY: promised by the caller.
    unsafe {
        match encoding {
            Encoding::Utf8 => ascii(text).or_else(|| utf8(text)),
            Encoding::Latin1 => latin1(text),
            Encoding::Named(_) => None,
        }
    }
}

/// Makes the bytes of a `str` in an encoding lie in the object. False where they cannot.
///
/// # Safety
/// The object is a `str`.
pub(crate) unsafe fn put_in_place(gil: Gil<'_>, text: Borrowed<'_>, encoding: &Encoding) -> bool {
    if *encoding == Encoding::Utf8 {
        // Python keeps the bytes where it has encoded once.
        return encode(gil, text, encoding).map_err(|raised| error::clear(gil, raised)).is_ok();
    }
    // SAFETY: promised by the caller.
    unsafe { in_place(text, encoding).is_some() }
}

/// The bytes of a `str` that is not ASCII in UTF-8, if Python keeps them, as it does once it has encoded them.
///
/// # Safety
/// The object is a `str`.
unsafe fn utf8<'a>(text: Borrowed<'a>) -> Option<&'a [u8]> {
    // SAFETY: promised by the caller; a compact string has these fields, and is alive for 'a, with the bytes.
    unsafe {
        if PyUnicode_IS_COMPACT(text.as_ptr()) == 0 || PyUnicode_IS_ASCII(text.as_ptr()) != 0 {
            return None;
        }
        let text: &PyCompactUnicodeObject = &*text.as_ptr().cast();
        let size = usize::try_from(text.utf8_length).ok()?;
        (!text.utf8.is_null()).then(|| std::slice::from_raw_parts(text.utf8.cast_const().cast(), size))
    }
}

/// Encodes a `str`, strictly. Raises UnicodeEncodeError, or LookupError for an unknown encoding.
pub(crate) fn encode(_gil: Gil<'_>, text: Borrowed<'_>, encoding: &Encoding) -> Result<Encoded, Raised> {
    // SAFETY: the GIL is held; `text` is a str; the result of each call is checked before use.
    unsafe {
        if let Some(characters) = in_place(text, encoding) {
            let (pointer, size) = (characters.as_ptr().cast(), characters.len());
            return Ok(Encoded { pointer, size, owner: text.hold() });
        }
        let name = match encoding {
            Encoding::Utf8 => {
                let mut size = 0;
                let pointer = PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut size);
                if pointer.is_null() {
                    return Err(Raised::already());
                }
                let size = usize::try_from(size).unwrap_or(0);
                return Ok(Encoded { pointer, size, owner: text.hold() });
            }
            Encoding::Latin1 => c"latin-1",
            Encoding::Named(name) => name,
        };
        let owner = Owned::from_new(PyUnicode_AsEncodedString(text.as_ptr(), name.as_ptr(), ptr::null()))?;
        Ok(Encoded::of_bytes(owner))
    }
}

/// Decodes bytes, strictly. Raises UnicodeDecodeError, or LookupError for an unknown encoding.
pub(crate) fn decode(gil: Gil<'_>, bytes: &[u8], encoding: &Encoding) -> Result<Owned, Raised> {
    let size = Py_ssize_t::try_from(bytes.len()).unwrap_or(Py_ssize_t::MAX);
    // SAFETY: the GIL is held; the bytes stay in place during the call.
    unsafe {
        Owned::from_new(match encoding {
            _ if encoding.is_simple() && bytes.is_ascii() => return from_ascii(gil, bytes),
            Encoding::Utf8 => PyUnicode_DecodeUTF8(bytes.as_ptr().cast(), size, ptr::null()),
            Encoding::Latin1 => PyUnicode_DecodeLatin1(bytes.as_ptr().cast(), size, ptr::null()),
            Encoding::Named(name) => PyUnicode_Decode(bytes.as_ptr().cast(), size, name.as_ptr(), ptr::null()),
        })
    }
}

/// A `str` of ASCII characters.
pub(crate) fn from_ascii(_gil: Gil<'_>, characters: &[u8]) -> Result<Owned, Raised> {
    let size = Py_ssize_t::try_from(characters.len()).unwrap_or(Py_ssize_t::MAX);
    // SAFETY: the GIL is held; the new string is compact and ours alone, with as many bytes as there are characters.
    unsafe {
        if size <= 1 {
            // Python has each of these once.
            return Owned::from_new(PyUnicode_DecodeLatin1(characters.as_ptr().cast(), size, ptr::null()));
        }
        let text = Owned::from_new(PyUnicode_New(size, 127))?;
        ptr::copy_nonoverlapping(characters.as_ptr(), PyUnicode_1BYTE_DATA(text.as_ptr()), characters.len());
        Ok(text)
    }
}

/// Decodes bytes for a message: by the encoding if they are valid, as Latin-1 otherwise (which takes all bytes).
pub(crate) fn decode_message(gil: Gil<'_>, bytes: &[u8], encoding: Option<&Encoding>) -> Result<Owned, Raised> {
    if let Some(encoding) = encoding {
        match decode(gil, bytes, encoding) {
            Ok(text) => return Ok(text),
            Err(raised) => super::error::clear_unless_memory(gil, raised)?,
        }
    }
    let size = Py_ssize_t::try_from(bytes.len()).unwrap_or(Py_ssize_t::MAX);
    // SAFETY: the GIL is held; the bytes stay in place during the call.
    unsafe { Owned::from_new(PyUnicode_DecodeLatin1(bytes.as_ptr().cast(), size, ptr::null())) }
}

/// A new `bytes` object.
pub(crate) fn bytes(_gil: Gil<'_>, content: &[u8]) -> Result<Owned, Raised> {
    let size = Py_ssize_t::try_from(content.len()).unwrap_or(Py_ssize_t::MAX);
    // SAFETY: the GIL is held; the content is copied.
    unsafe { Owned::from_new(PyBytes_FromStringAndSize(content.as_ptr().cast(), size)) }
}

/// A new `str`.
pub(crate) fn string(gil: Gil<'_>, content: &str) -> Result<Owned, Raised> {
    decode(gil, content.as_bytes(), &Encoding::Utf8)
}

/// A `str` as Rust text; lone surrogates become replacement characters.
pub(crate) fn to_string(gil: Gil<'_>, text: Borrowed<'_>) -> Result<String, Raised> {
    // SAFETY: the GIL is held and the object alive.
    if unsafe { PyUnicode_Check(text.as_ptr()) } == 0 {
        return Err(raise_type_error(gil, "expected a string"));
    }
    // SAFETY: as above; the result is a bytes object.
    unsafe {
        if let Some(characters) = ascii(text) {
            return Ok(String::from_utf8_lossy(characters).into_owned());
        }
        let bytes = PyUnicode_AsEncodedString(text.as_ptr(), c"utf-8".as_ptr(), c"replace".as_ptr());
        let bytes = Owned::from_new(bytes)?;
        Ok(String::from_utf8_lossy(bytes_of(bytes.borrow())).into_owned())
    }
}

/// Code, names of chunks and the like: `str` in the given encoding, or the bytes of anything with a buffer as they are.
pub(crate) fn source_bytes(gil: Gil<'_>, argument: Borrowed<'_>, encoding: &Encoding) -> Result<Encoded, Raised> {
    // SAFETY: the GIL is held, the argument alive.
    unsafe {
        if PyUnicode_Check(argument.as_ptr()) != 0 {
            return encode(gil, argument, encoding);
        }
        match bytes_like(gil, argument)? {
            Some(bytes) => Ok(Encoded::of_bytes(bytes)),
            None => {
                let class = call::repr(gil, Borrowed::from_ptr(argument.type_ptr().cast()))?;
                Err(raise_type_error(gil, &format!("Expected string, got {class}")))
            }
        }
    }
}

/// A C string with what precedes the first NUL, as Lua reads chunk names.
pub(crate) fn until_nul(mut bytes: Vec<u8>) -> CString {
    if let Some(end) = bytes.iter().position(|&c| c == 0) {
        bytes.truncate(end);
    }
    CString::new(bytes).unwrap_or_default()
}

/// Does a name start and end with two underscores?
///
/// # Safety
/// The name is a `str`.
pub(crate) unsafe fn is_dunder(_gil: Gil<'_>, name: Borrowed<'_>) -> bool {
    // SAFETY: promised by the caller; the positions are within the string.
    unsafe {
        if let Some(characters) = ascii(name) {
            return characters.starts_with(b"__") && characters.ends_with(b"__");
        }
        let size = PyUnicode_GetLength(name.as_ptr());
        let is_underscore = |position| PyUnicode_ReadChar(name.as_ptr(), position) == '_'.into();
        size >= 2 && [0, 1, size - 1, size - 2].into_iter().all(is_underscore)
    }
}

/// The name of a type as `type.__name__` gives it.
pub(crate) fn type_name(object: Borrowed<'_>) -> String {
    // SAFETY: the type of a live object is alive, its name a C string.
    let name = unsafe { CStr::from_ptr((*object.type_ptr()).tp_name) }.to_string_lossy();
    name.rsplit('.').next().unwrap_or_default().to_owned()
}
