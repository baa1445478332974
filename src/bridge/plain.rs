//! Python values as slots that C pushes without raising, while the values are alive: plain data, and what Lua has already. Making
//! such a slot runs no code, and owns nothing.

use std::ffi::{c_int, c_uint};
use std::ptr;

use crate::ffi::lua::{self as ffi, LupaSlot, LupaSlot__bindgen_ty_1 as Content};
use crate::ffi::python::*;
use crate::lua::numbers::{Exact, exact, is_exact};
use crate::lua::references::Reference;
use crate::py::{Borrowed, text};

use super::crossing::Locked;
use super::wrapper::LuaObject;

pub(super) const NIL: LupaSlot = LupaSlot {
    tag: ffi::LUPA_NIL as c_int,
    index: 0,
    value: Content { pointer: ptr::null() },
    size: 0,
    keep: ptr::null_mut(),
};

fn tagged(tag: c_uint) -> LupaSlot {
    LupaSlot { tag: tag as c_int, ..NIL }
}

fn integer(integer: ffi::lua_Integer) -> LupaSlot {
    LupaSlot { tag: ffi::LUPA_INTEGER as c_int, value: Content { integer }, ..NIL }
}

fn number(number: ffi::lua_Number) -> LupaSlot {
    LupaSlot { tag: ffi::LUPA_NUMBER as c_int, value: Content { number }, ..NIL }
}

fn boolean(value: bool) -> LupaSlot {
    tagged(if value { ffi::LUPA_TRUE } else { ffi::LUPA_FALSE })
}

pub(super) fn reference(Reference { slot, address, tag }: Reference) -> LupaSlot {
    let (value, size) = (Content { pointer: address }, usize::try_from(tag).unwrap_or(0));
    LupaSlot { tag: ffi::LUPA_REFERENCE as c_int, index: slot, value, size, ..NIL }
}

impl Locked<'_> {
    /// The slot of a value.
    #[inline(always)]
    pub(super) fn plain_slot(&self, value: Borrowed<'_>) -> Option<LupaSlot> {
        let class = value.type_ptr();
        // SAFETY: the GIL is held and the value alive; each check precedes its access.
        unsafe {
            if class == &raw mut PyLong_Type {
                return exact_int(value.as_ptr()).filter(|value| is_exact(*value)).map(|value| match exact(value) {
                    Exact::Integer(value) => integer(value),
                    Exact::Number(value) => number(value),
                });
            } else if class == &raw mut PyUnicode_Type {
                return self.text_in_lua(value).map(known_string);
            } else if class == &raw mut PyFloat_Type {
                return Some(number(PyFloat_AS_DOUBLE(value.as_ptr()) as ffi::lua_Number));
            }
        }
        self.other_plain_slot(value)
    }

    /// Likewise for what is less common.
    fn other_plain_slot(&self, value: Borrowed<'_>) -> Option<LupaSlot> {
        let class = value.type_ptr();
        // SAFETY: the GIL is held and the value alive; each check precedes its access.
        unsafe {
            if value.is_none() {
                Some(NIL)
            } else if class == &raw mut PyBytes_Type {
                let bytes = text::bytes_of(value);
                self.string_in_lua(bytes).map(|slot| known_string((slot, bytes)))
            } else if class == &raw mut PyBool_Type {
                Some(boolean(value.is(Py_True())))
            } else if self.runtime.types.is_wrapper(class) {
                let wrapper: &LuaObject = &*value.as_ptr().cast();
                (wrapper.runtime.cast() == self.runtime.object).then(|| reference(wrapper.reference))
            } else {
                self.known_protocol(value).map(|protocol| known_object(value, protocol))
            }
        }
    }

    /// The slot of a key: a small integer is one in every version of Lua, since tables are read by integers.
    #[inline(always)]
    pub(super) fn plain_key(&self, key: Borrowed<'_>) -> Option<LupaSlot> {
        if key.type_ptr() == &raw mut PyLong_Type {
            // SAFETY: the key is an int, and alive.
            let small = unsafe { exact_int(key.as_ptr()) }.and_then(|value| c_int::try_from(value).ok());
            if let Some(small) = small {
                return Some(integer(small as ffi::lua_Integer));
            }
        }
        self.plain_slot(key)
    }
}

/// The slot of a string that waits in a registry slot.
fn known_string((slot, bytes): (c_int, &[u8])) -> LupaSlot {
    let value = Content { bytes: bytes.as_ptr().cast() };
    LupaSlot { tag: ffi::LUPA_KNOWN_STRING as c_int, index: slot, value, size: bytes.len(), ..NIL }
}

/// The slot of an object that Lua may hold already.
fn known_object(value: Borrowed<'_>, protocol: c_uint) -> LupaSlot {
    let content = Content { pointer: value.as_ptr().cast() };
    LupaSlot { tag: ffi::LUPA_KNOWN_OBJECT as c_int, value: content, size: protocol as usize, ..NIL }
}
