//! The options `libs` and `mode` of a runtime: which standard libraries scripts see, and which chunks they may load.

use std::ffi::{CStr, CString, c_int};

use crate::ffi::python::*;

use crate::bridge::options::Libraries;
use crate::ffi::lua as ffi;
use crate::py::args::unless_none;
use crate::py::error::{raise_type_error, raise_value_error};
use crate::py::{Borrowed, Gil, Owned, Raised, text};

/// The libraries of all versions. One that this version lacks may be named: there is nothing to show of it.
const KNOWN: [&str; 14] = [
    "base",
    "package",
    "coroutine",
    "table",
    "io",
    "os",
    "string",
    "math",
    "debug",
    "utf8",
    "bit32",
    "bit",
    "jit",
    "ffi",
];

/// What the preset "safe" shows, where the version has it.
const SAFE: [&str; 9] = ["base", "coroutine", "table", "os", "string", "math", "utf8", "bit32", "bit"];

/// The names of the libraries that this Lua has, in the order of the bits of [`Libraries`].
fn present() -> Vec<&'static str> {
    let mut names = Vec::new();
    loop {
        let number = c_int::try_from(names.len()).unwrap_or(c_int::MAX);
        // SAFETY: the list ends with null, which ends the loop; its texts are constants.
        let name = unsafe {
            let name = ffi::lupa_libraryname(number);
            if name.is_null() {
                return names;
            }
            CStr::from_ptr(name)
        };
        names.push(name.to_str().unwrap_or(""));
    }
}

/// The bit of a library, if this Lua has it.
fn bit(name: &str) -> c_int {
    present().iter().position(|present| *present == name).map_or(0, |position| 1 << position)
}

/// `libs`: `None`, a preset, or the names of libraries.
pub(super) fn read(gil: Gil<'_>, argument: Option<Borrowed<'_>>) -> Result<Option<Libraries>, Raised> {
    let Some(argument) = unless_none(argument) else { return Ok(None) };
    // SAFETY: the GIL is held, the argument alive.
    if unsafe { PyUnicode_Check(argument.as_ptr()) } != 0 {
        return preset(gil, &text::to_string(gil, argument)?);
    }
    let mut set = 0;
    for name in names(gil, argument)? {
        let name = if name == "_G" { "base" } else { &name };
        if !KNOWN.contains(&name) {
            let message = format!("unknown library '{name}'; this Lua has {}", present().join(", "));
            return Err(raise_value_error(gil, &message));
        }
        set |= bit(name);
    }
    Ok(Some(Libraries { set, only_harmless: false }))
}

fn preset(gil: Gil<'_>, name: &str) -> Result<Option<Libraries>, Raised> {
    match name {
        "all" => Ok(None),
        "safe" => {
            let set = SAFE.iter().map(|name| bit(name)).sum();
            Ok(Some(Libraries { set, only_harmless: true }))
        }
        _ => {
            let message = format!(
                "unknown preset '{name}'; libs is 'all', 'safe', or an iterable of names, of which this Lua has {}",
                present().join(", ")
            );
            Err(raise_value_error(gil, &message))
        }
    }
}

/// The items of an iterable of strings.
fn names(gil: Gil<'_>, argument: Borrowed<'_>) -> Result<Vec<String>, Raised> {
    // SAFETY: the GIL is held, the argument alive; the tuple keeps its items alive.
    unsafe {
        let items = Owned::from_new(PySequence_Tuple(argument.as_ptr()))?;
        let name = |position| {
            let item = Borrowed::from_ptr(PyTuple_GET_ITEM(items.as_ptr(), position));
            if PyUnicode_Check(item.as_ptr()) == 0 {
                return Err(raise_type_error(gil, "libs must be a preset or an iterable of names"));
            }
            text::to_string(gil, item)
        };
        (0..PyTuple_GET_SIZE(items.as_ptr())).map(name).collect()
    }
}

/// `mode`: which chunks may be loaded; source code only with the preset "safe", unless the argument says otherwise.
pub(super) fn mode(
    gil: Gil<'_>,
    argument: Option<Borrowed<'_>>,
    libraries: Option<Libraries>,
) -> Result<Option<CString>, Raised> {
    let Some(argument) = unless_none(argument) else {
        let is_safe = libraries.is_some_and(|libraries| libraries.only_harmless);
        return Ok(is_safe.then(|| c"t".to_owned()));
    };
    let name = text::ascii_name(gil, argument)?.unwrap_or_default();
    match name.as_slice() {
        b"t" | b"b" => Ok(Some(text::until_nul(name))),
        b"bt" | b"tb" => Ok(None),
        _ => Err(raise_value_error(gil, "mode must be 't', 'b' or 'bt'")),
    }
}
