//! Why an operation on Lua has failed, for a program in Rust.

use std::fmt;

use super::value::Value;

/// What kind of failure it is. Lua tells the first three by the status of the call, never by a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A chunk does not compile (`LUA_ERRSYNTAX`).
    Syntax,
    /// Lua code, or a function of Rust that it has called, has raised an error (`LUA_ERRRUN`).
    Script,
    /// There is no memory, the limit is reached, or the stack cannot grow (`LUA_ERRMEM`). Lua 5.1 and LuaJIT do not look for
    /// garbage then: [`collect`](super::Frame::collect) makes room.
    Memory,
    /// This Lua takes no allocator of ours, which limits need as well: LuaJIT without GC64 on 64-bit machines, such as 2.0.
    NoAllocator,
    /// A script has changed the registry by `debug.getregistry`.
    LostReference,
    /// An object was given to another runtime than its own.
    OtherRuntime,
    /// This Lua has no number of exactly this value.
    Integer,
    /// A table, function, thread or userdata was expected.
    NoObject,
    /// Calls of Rust and Lua are nested so deep that the C stack would not do.
    StackOverflow,
}

/// A failed operation. In a function of Rust that Lua calls, `Err` becomes an error of Lua with the same value.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    value: Value<'static>,
    traceback: Option<String>,
}

impl Error {
    /// An error that a function of Rust wants to raise: any value, most often a text.
    pub fn new(value: impl Into<Value<'static>>) -> Error {
        Error { kind: ErrorKind::Script, value: value.into(), traceback: None }
    }

    pub(super) fn of_kind(kind: ErrorKind, message: &'static str) -> Error {
        Error { kind, ..Error::new(message) }
    }

    pub(super) fn from_lua(kind: ErrorKind, value: Value<'static>, traceback: Option<Vec<u8>>) -> Error {
        let traceback = traceback.map(|text| String::from_utf8_lossy(&text).into_owned());
        Error { kind, value, traceback }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The error value: what the script gave to `error`, or a message.
    pub fn value(&self) -> &Value<'static> {
        &self.value
    }

    /// The message followed by `stack traceback:` and the calls that were active, as `debug.traceback` writes it, where the error
    /// came from a call.
    pub fn traceback(&self) -> Option<&str> {
        self.traceback.as_deref()
    }
}

impl fmt::Display for Error {
    /// The error value, if that is a text or a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Integer(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::String(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Value::Object(object) => {
                write!(f, "(error object is a {} value)", format!("{:?}", object.kind()).to_lowercase())
            }
            Value::Nil | Value::Boolean(_) => f.write_str("(error object is no text)"),
        }
    }
}

impl std::error::Error for Error {}
