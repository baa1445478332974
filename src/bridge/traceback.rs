//! The text of Lua tracebacks: where C leaves it, its order, and how a Python exception carries it. Lua prints the innermost
//! call first, Python last; an error message that Python prints follows Python.

use std::borrow::Cow;
use std::ffi::c_int;

use crate::ffi::python::{
    PyDict_GetItem, PyDict_SetItem, PyList_Append, PyList_Check, PyList_New, PyObject, PyObject_GenericGetDict,
};
use crate::lua::traceback::take_traceback;

use crate::py::error::check;
use crate::py::text::Encoding;
use crate::py::{Borrowed, Owned, Raised, call, error, text};

use super::crossing::Locked;

const HEADING: &str = "stack traceback:";

/// `[-0, +0, -]` Takes the message with traceback that the message handler has left, if it could make one.
pub(crate) fn take_text(locked: &Locked<'_>) -> Option<Vec<u8>> {
    // SAFETY: the runtime is locked; its C side does not change meanwhile.
    let slot = unsafe { (*locked.runtime.shared_with_c.get()).traceback };
    take_traceback(locked.state(), slot)
}

/// `[-0, +0, -]` The traceback that C has noted for the error value at `index`, if it was for that one, the innermost call
/// last.
pub(crate) fn noted(locked: &Locked<'_>, index: c_int) -> Option<String> {
    // SAFETY: the runtime is locked; its C side does not change meanwhile.
    let trace = unsafe { (*locked.runtime.shared_with_c.get()).trace.as_mut() }?;
    let size = std::mem::take(&mut trace.size) as usize;
    if size == 0 || trace.value != locked.state().address(index) {
        return None;
    }
    // SAFETY: C has written so many bytes there.
    let lines = unsafe { std::slice::from_raw_parts(trace.text.as_ptr().cast(), size) };
    // What C writes is ASCII, whatever the encoding; names of chunks may be anything.
    let text = match std::str::from_utf8(lines) {
        Ok(text) if text.is_ascii() => Ok(Cow::Borrowed(text)),
        _ => decode(locked, lines.to_vec()).map(Cow::Owned),
    };
    match text {
        Ok(text) => Some(turned_round(&text)),
        Err(raised) => {
            // What is on its way is the error itself.
            error::clear(locked.gil, raised);
            None
        }
    }
}

/// A traceback, with a heading and the innermost call last, of one without heading. The lines each start with a line break.
fn turned_round(lines: &str) -> String {
    let mut text = String::with_capacity(HEADING.len() + 1 + lines.len());
    text.push_str(HEADING);
    for line in lines.strip_prefix('\n').unwrap_or(lines).rsplit('\n') {
        text.push('\n');
        text.push_str(line);
    }
    text
}

/// Lets a Python exception that leaves Lua carry the Lua traceback, unless it has left Lua before.
pub(crate) fn annotate(locked: &Locked<'_>, exception: Borrowed<'_>, traceback: &str) {
    if let Err(raised) = try_to_annotate(locked, exception, traceback) {
        // What is on its way is the exception itself.
        error::clear(locked.gil, raised);
    }
}

fn try_to_annotate(locked: &Locked<'_>, exception: Borrowed<'_>, traceback: &str) -> Result<(), Raised> {
    let names = &locked.runtime.shared.names;
    // SAFETY: the GIL is held, all objects are alive. The dict itself is used, so that no code of the exception runs.
    unsafe {
        let attributes = Owned::from_new(PyObject_GenericGetDict(exception.as_ptr(), std::ptr::null_mut()))?;
        let is_there = |name: *mut PyObject| !PyDict_GetItem(attributes.as_ptr(), name).is_null();
        if is_there(names.lua_traceback) || is_there(names.traceback) && is_lua_error(locked, exception) {
            return Ok(());
        }
        let content = text::string(locked.gil, traceback)?;
        check(PyDict_SetItem(attributes.as_ptr(), names.lua_traceback, content.as_ptr()))?;
        if locked.runtime.options.traceback_notes {
            add_note(attributes.borrow(), names.notes, &text::string(locked.gil, &format!("Lua {traceback}"))?)?;
        }
    }
    Ok(())
}

fn is_lua_error(locked: &Locked<'_>, exception: Borrowed<'_>) -> bool {
    call::has_type(exception, locked.runtime.shared.lua_error.cast())
}

/// What `BaseException.add_note` does on Python 3.11 and newer.
///
/// # Safety
/// The GIL is held; `attributes` is the dict of an exception, `name` a `str`.
unsafe fn add_note(attributes: Borrowed<'_>, name: *mut PyObject, note: &Owned) -> Result<(), Raised> {
    // SAFETY: promised by the caller.
    unsafe {
        let notes = PyDict_GetItem(attributes.as_ptr(), name);
        if !notes.is_null() && PyList_Check(notes) != 0 {
            return check(PyList_Append(notes, note.as_ptr()));
        }
        let notes = Owned::from_new(PyList_New(0))?;
        check(PyList_Append(notes.as_ptr(), note.as_ptr()))?;
        check(PyDict_SetItem(attributes.as_ptr(), name, notes.as_ptr()))
    }
}

/// Text of Lua as a message for Python: what cannot be decoded is escaped.
pub(crate) fn decode(locked: &Locked<'_>, mut lua_text: Vec<u8>) -> Result<String, Raised> {
    let encoding = locked.runtime.options.encoding.as_ref();
    if matches!(encoding, Some(Encoding::Utf8)) {
        match String::from_utf8(lua_text) {
            Ok(text) => return Ok(text),
            Err(error) => lua_text = error.into_bytes(),
        }
    }
    let message = text::decode_message(locked.gil, &lua_text, encoding)?;
    text::to_string(locked.gil, message.borrow())
}

/// Is this a line of a traceback? They are indented, and start with the name of a chunk in brackets.
fn is_frame(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.len() < line.len() && trimmed.starts_with('[')
}

/// Puts the frames that follow a heading into Python's order, unless other lines follow them; also returns the last
/// traceback alone.
pub(crate) fn innermost_last(message: String) -> (String, Option<String>) {
    if !message.contains(HEADING) {
        return (message, None);
    }
    let mut lines: Vec<&str> = Vec::new();
    // Where the frames of the traceback at hand start.
    let mut frames = None;
    for line in message.lines() {
        match frames {
            Some(start) if is_frame(line) => lines.insert(start, line),
            _ => {
                lines.push(line);
                frames = (line == HEADING).then_some(lines.len());
            }
        }
    }
    match frames {
        Some(start) if lines.len() > start + 1 => {
            let size = HEADING.len() + lines[start..].iter().map(|line| 1 + line.len()).sum::<usize>();
            let message = lines.join("\n");
            let traceback = message[message.len() - size..].to_owned();
            (message, Some(traceback))
        }
        _ => {
            let traceback = last_traceback(&message);
            (message, traceback)
        }
    }
}

/// The last heading of a message with what follows it, unless nothing does.
fn last_traceback(message: &str) -> Option<String> {
    let lines: Vec<&str> = message.lines().collect();
    let heading = lines.iter().rposition(|line| *line == HEADING)?;
    (heading + 1 < lines.len()).then(|| lines[heading..].join("\n"))
}
