//! Values on their way into Lua and out of it, for a program in Rust.

use std::borrow::Cow;
use std::ffi::c_int;
use std::ptr;
use std::rc::Rc;

use crate::ffi::lua::{self as ffi, LupaSlot};

use super::error::{Error, ErrorKind};
use crate::lua::numbers::{Exact, exact, is_exact};
use crate::lua::references::{Reference, References};
use crate::lua::stack::Type;

/// A value of Lua. What has no counterpart in Rust is an [`Object`].
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `nil`, and what is behind the last value.
    Nil,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number that 64 bits have. Where Lua has no integers of their own (5.1, 5.2, LuaJIT), a float that is one.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A string: bytes of any kind.
    String(Cow<'a, [u8]>),
    /// A table, a function, a thread or a userdata, which stays in Lua.
    Object(Object),
}

impl Value<'_> {
    /// The value with bytes of its own, which no stack has to keep.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Nil => Value::Nil,
            Value::Boolean(value) => Value::Boolean(value),
            Value::Integer(value) => Value::Integer(value),
            Value::Number(value) => Value::Number(value),
            Value::String(bytes) => Value::String(Cow::Owned(bytes.into_owned())),
            Value::Object(object) => Value::Object(object),
        }
    }

    /// Is it neither `nil` nor `false`?
    pub fn is_true(&self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    /// The integer, if it is one.
    pub fn integer(&self) -> Option<i64> {
        if let Value::Integer(value) = self { Some(*value) } else { None }
    }

    /// The number, if it is one; an integer may lose digits.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(value) => Some(*value as f64),
            Value::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// The bytes of the string, if it is one.
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Value::String(bytes) = self { Some(bytes) } else { None }
    }

    /// The string as text, if it is one; what is not UTF-8 is replaced.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.bytes().map(String::from_utf8_lossy)
    }

    /// The object, if it is one.
    pub fn object(&self) -> Option<&Object> {
        if let Value::Object(object) = self { Some(object) } else { None }
    }

    /// The object, which the value has to be.
    ///
    /// # Errors
    /// [`ErrorKind::NoObject`].
    pub fn into_object(self) -> Result<Object, Error> {
        match self {
            Value::Object(object) => Ok(object),
            _ => Err(Error::of_kind(ErrorKind::NoObject, "this is no table, function, thread or userdata")),
        }
    }

    /// The slot with which C pushes the value. It is good for as long as the value.
    pub(super) fn slot(&self, references: &Rc<References>) -> Result<LupaSlot, Error> {
        Ok(match self {
            Value::Nil => tagged(ffi::LUPA_NIL),
            Value::Boolean(false) => tagged(ffi::LUPA_FALSE),
            Value::Boolean(true) => tagged(ffi::LUPA_TRUE),
            Value::Integer(integer) if !is_exact(*integer) => {
                return Err(Error::of_kind(ErrorKind::Integer, "this Lua has no number of exactly this value"));
            }
            Value::Integer(integer) => match exact(*integer) {
                Exact::Integer(integer) => with_content(ffi::LUPA_INTEGER, Content { integer }),
                Exact::Number(number) => with_content(ffi::LUPA_NUMBER, Content { number }),
            },
            Value::Number(number) => with_content(ffi::LUPA_NUMBER, Content { number: *number as ffi::lua_Number }),
            Value::String(bytes) => {
                let slot = with_content(ffi::LUPA_STRING, Content { bytes: bytes.as_ptr().cast() });
                LupaSlot { size: bytes.len(), ..slot }
            }
            Value::Object(object) => object.slot(references)?,
        })
    }
}

type Content = ffi::LupaSlot__bindgen_ty_1;

/// A slot without content.
pub(super) fn tagged(tag: u32) -> LupaSlot {
    with_content(tag, Content { pointer: ptr::null() })
}

pub(super) fn with_content(tag: u32, value: Content) -> LupaSlot {
    LupaSlot { tag: tag as c_int, index: 0, value, size: 0, keep: ptr::null_mut() }
}

/// A table, function, thread or userdata of one runtime. Clones are the same object, which Lua keeps as long as one of them is
/// there; with the runtime it ends, and operations of others refuse it.
#[derive(Clone)]
pub struct Object(Rc<Held>);

/// A registry slot that is given up when nobody needs it any more.
struct Held {
    reference: Reference,
    references: Rc<References>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.references.give_up(self.reference);
    }
}

impl Object {
    pub(super) fn new(reference: Reference, references: &Rc<References>) -> Object {
        Object(Rc::new(Held { reference, references: Rc::clone(references) }))
    }

    /// What it is.
    pub fn kind(&self) -> Type {
        Type::from_tag(self.0.reference.tag)
    }

    pub(super) fn slot(&self, references: &Rc<References>) -> Result<LupaSlot, Error> {
        let Held { reference, references: own } = &*self.0;
        if !Rc::ptr_eq(own, references) {
            return Err(Error::of_kind(ErrorKind::OtherRuntime, "this object belongs to another runtime"));
        }
        let slot = with_content(ffi::LUPA_REFERENCE, Content { pointer: reference.address });
        Ok(LupaSlot { index: reference.slot, size: usize::try_from(reference.tag).unwrap_or(0), ..slot })
    }
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {:p}", self.kind(), self.0.reference.address)
    }
}

/// From a type of Rust that has one counterpart.
macro_rules! values {
    ($($lifetime:lifetime)? $($from:ty => $variant:ident($convert:expr);)*) => {$(
        impl<'a> From<$from> for Value<'a> {
            fn from(value: $from) -> Self {
                let convert: fn($from) -> _ = $convert;
                Value::$variant(convert(value))
            }
        }
    )*};
}

values! {
    bool => Boolean(|value| value);
    i32 => Integer(i64::from);
    u32 => Integer(i64::from);
    i64 => Integer(|value| value);
    f64 => Number(|value| value);
    &'a str => String(|text| Cow::Borrowed(text.as_bytes()));
    &'a [u8] => String(Cow::Borrowed);
    String => String(|text| Cow::Owned(text.into_bytes()));
    Vec<u8> => String(Cow::Owned);
    Object => Object(|object| object);
    &Object => Object(Object::clone);
}
