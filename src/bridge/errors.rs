//! Errors that leave Lua, as Python exceptions. What an error is, is told by the status of the call and by the error value;
//! the text decides nothing, but for a memory error that Lua code has raised again.

use std::ffi::{c_int, c_uint};

use crate::ffi::python::{PyObject, PyObject_SetAttr};
use crate::lua::guard::effect;

use crate::ffi::lua as ffi;
use crate::lua::stack::{Number, Type};
use crate::py::error::{self, check, raise, raise_object, raise_reference_error, raise_type_error, raise_value_error};
use crate::py::{Borrowed, Owned, Raised, call, object, text};

use super::crossing::Locked;
use super::traceback;
use super::unmarshal::{BoxContent, box_content};

/// What Lua says in every version when it has no memory.
const NO_MEMORY: &str = "not enough memory";

/// The runtime is closing or closed.
pub(crate) fn raise_closed(locked: Locked<'_>) -> Raised {
    raise(locked.gil, locked.runtime.shared.lua_error, "the Lua runtime is closed")
}

/// A Lua object that is not where Python left it.
pub(crate) fn raise_lost_reference(locked: &Locked<'_>) -> Raised {
    raise(locked.gil, locked.runtime.shared.lua_error, "lost reference")
}

/// A Lua object of another runtime was given.
pub(crate) fn raise_mixed_runtimes(locked: &Locked<'_>) -> Raised {
    raise(locked.gil, locked.runtime.shared.lua_error, "cannot mix objects from different Lua runtimes")
}

/// A box whose object was released already.
pub(crate) fn raise_deleted_object(locked: &Locked<'_>) -> Raised {
    raise_reference_error(locked.gil, "deleted python object")
}

/// Lua has no memory, or the limit of the runtime is reached.
pub(crate) fn raise_memory_error(locked: &Locked<'_>) -> Raised {
    raise(locked.gil, locked.runtime.shared.lua_memory_error, NO_MEMORY)
}

/// `[-0, +0, -]` Raises what a call has ended with: its status, with the error value on the top.
pub(crate) fn raise_from_lua(locked: &Locked<'_>, status: c_int, failure: c_uint) -> Raised {
    effect!(locked.state(), "[-0, +0, -]");
    let text = traceback::take_text(locked);
    match failure {
        ffi::LUPA_LOST_REFERENCE => return raise_lost_reference(locked),
        ffi::LUPA_NO_ROOM => return raise_memory_error(locked),
        ffi::LUPA_NOT_A_FUNCTION => return raise_type_error(locked.gil, "Lua object is not a function"),
        ffi::LUPA_NOT_RESUMABLE => return raise_value_error(locked.gil, "coroutine already executing"),
        ffi::LUPA_NO_REQUIRE => return raise(locked.gil, locked.runtime.shared.lua_error, "require is not defined"),
        _ => {}
    }
    if status == ffi::LUA_ERRMEM as c_int {
        return raise_memory_error(locked);
    }
    raise_value(locked, -1, Message::OfCall(text))
}

/// `[-0, +0, -]` Raises the error value at `index`, with which a coroutine has ended. As in lupa, the message of a LuaError is
/// the error value alone.
pub(crate) fn raise_from_coroutine(locked: &Locked<'_>, index: c_int) -> Raised {
    raise_value(locked, index, Message::Bare)
}

/// What the message of a LuaError says.
enum Message {
    /// The error value alone.
    Bare,
    /// The error value with its traceback: as Lua has made it, or else as C has noted it.
    OfCall(Option<Vec<u8>>),
}

/// `[-0, +0, -]` Raises the error value at `index`.
fn raise_value(locked: &Locked<'_>, index: c_int, message: Message) -> Raised {
    effect!(locked.state(), "[-0, +0, -]");
    let noted = traceback::noted(locked, index);
    match box_content(locked, index) {
        BoxContent::Object(object) if error::is_exception(object.borrow()) => {
            if let Some(noted) = noted {
                traceback::annotate(locked, object.borrow(), &noted);
            }
            return error::restore(locked.gil, &object);
        }
        BoxContent::Deleted => return raise_deleted_object(locked),
        _ => {}
    }
    match new_lua_error(locked, index, message, noted) {
        Ok(exception) => raise_object(locked.gil, class_of(&exception), &exception),
        Err(raised) => raised,
    }
}

/// The class of an exception instance.
fn class_of(exception: &Owned) -> *mut PyObject {
    exception.borrow().type_ptr().cast()
}

/// `[-0, +0, -]` The LuaError for the error value at `index`.
fn new_lua_error(locked: &Locked<'_>, index: c_int, message: Message, noted: Option<String>) -> Result<Owned, Raised> {
    let shared = locked.runtime.shared;
    let bare = bare_message(locked, index)?;
    let class = if is_memory_error(locked, &bare) { shared.lua_memory_error } else { shared.lua_error };
    let (text, show_noted) = match message {
        Message::OfCall(Some(text)) => (text, false),
        Message::OfCall(None) => (bare, true),
        Message::Bare => (bare, false),
    };
    let (mut message, in_message) = traceback::innermost_last(traceback::decode(locked, text)?);
    if let Some(noted) = noted.as_ref().filter(|_| show_noted) {
        message.reserve_exact(1 + noted.len());
        message.push('\n');
        message.push_str(noted);
    }
    let lua_traceback = in_message.or(noted);
    let exception = new_error(locked, class, &text::string(locked.gil, &message)?)?;
    set(locked, &exception, shared.names.value, &value_of(locked, index)?)?;
    if let Some(lua_traceback) = lua_traceback {
        set(locked, &exception, shared.names.traceback, &text::string(locked.gil, &lua_traceback)?)?;
    }
    Ok(exception)
}

/// A memory error that Lua code caught and raised again has lost its status.
fn is_memory_error(locked: &Locked<'_>, message: &[u8]) -> bool {
    let refused = locked.runtime.memory.as_ref().is_some_and(|memory| memory.refused());
    // Buffers of Lua 5.3 say more.
    let says_so =
        [NO_MEMORY, "not enough memory for buffer allocation"].iter().any(|end| message.ends_with(end.as_bytes()));
    refused && says_so
}

/// An instance of an exception class with one argument.
fn new_error(locked: &Locked<'_>, class: *mut PyObject, argument: &Owned) -> Result<Owned, Raised> {
    // SAFETY: the exception classes live as long as the interpreter.
    call::call(locked.gil, unsafe { Borrowed::from_ptr(class) }, &[argument.borrow()])
}

/// Sets an attribute, which is one of `Shared::names`.
fn set(locked: &Locked<'_>, exception: &Owned, name: *mut PyObject, value: &Owned) -> Result<(), Raised> {
    let _ = locked.gil;
    // SAFETY: the GIL is held, all are alive.
    check(unsafe { PyObject_SetAttr(exception.as_ptr(), name, value.as_ptr()) })
}

/// `[-0, +0, -]` The error value for Python; `None` where it cannot be had (the runtime is closing). What cannot be decoded
/// arrives as `bytes`.
fn value_of(locked: &Locked<'_>, index: c_int) -> Result<Owned, Raised> {
    // A negative index would move with what is pushed meanwhile.
    let index = if index < 0 { locked.state().top() + 1 + index } else { index };
    locked.unmarshal_key(index).or_else(|raised| {
        error::clear_unless_memory(locked.gil, raised)?;
        Ok(object::none())
    })
}

/// `[-0, +0, -]` The error value at `index` as text, without a traceback.
fn bare_message(locked: &Locked<'_>, index: c_int) -> Result<Vec<u8>, Raised> {
    effect!(locked.state(), "[-0, +0, -]");
    let state = locked.state();
    Ok(match state.type_of(index) {
        Type::String => state.read_string(index).to_vec(),
        Type::Number => match state.read_number(index) {
            Number::Integer(value) => value.to_string().into_bytes(),
            Number::Float(value) => value.to_string().into_bytes(),
        },
        Type::Nil => Vec::new(),
        Type::Userdata => object_message(locked, index)?,
        _ => [b"(error object is a ", state.type_name(index).to_bytes(), b" value)"].concat(),
    })
}

/// `[-0, +0, -]` What a Python object that is no exception says of itself as an error value.
fn object_message(locked: &Locked<'_>, index: c_int) -> Result<Vec<u8>, Raised> {
    let unknown = b"(error object is a userdata value)";
    let BoxContent::Object(object) = box_content(locked, index) else {
        return Ok(unknown.to_vec());
    };
    match locked.object_text(object.borrow()) {
        Ok(text) => Ok(text.as_bytes().to_vec()),
        Err(raised) => {
            error::clear_unless_memory(locked.gil, raised)?;
            Ok(unknown.to_vec())
        }
    }
}

/// `[-0, +0, -]` Raises LuaSyntaxError with the message at `index`, which loading a chunk has left.
pub(crate) fn raise_syntax_error(locked: &Locked<'_>, index: c_int, status: c_int, prefix: &str) -> Raised {
    if status == ffi::LUA_ERRMEM as c_int {
        return raise_memory_error(locked);
    }
    match syntax_error(locked, index, prefix) {
        Ok(exception) => raise_object(locked.gil, class_of(&exception), &exception),
        Err(raised) => raised,
    }
}

/// The message of an error that a chunk has, where it is not compiled by itself.
fn prefixed(locked: &Locked<'_>, prefix: &str, message: Borrowed<'_>) -> Result<Owned, Raised> {
    text::string(locked.gil, &format!("{prefix}{}", text::to_string(locked.gil, message)?))
}

fn syntax_error(locked: &Locked<'_>, index: c_int, prefix: &str) -> Result<Owned, Raised> {
    let bytes = if locked.state().type_of(index) == Type::String { locked.state().read_string(index) } else { b"" };
    let encoding = locked.runtime.options.encoding.as_ref();
    let message = if encoding.is_none() && prefix.is_empty() {
        // Without an encoding, compile() has always passed on the bytes.
        text::bytes(locked.gil, bytes)?
    } else {
        let message = text::decode_message(locked.gil, bytes, encoding)?;
        if prefix.is_empty() { message } else { prefixed(locked, prefix, message.borrow())? }
    };
    let exception = new_error(locked, locked.runtime.shared.lua_syntax_error, &message)?;
    set(locked, &exception, locked.runtime.shared.names.value, &value_of(locked, index)?)?;
    Ok(exception)
}
