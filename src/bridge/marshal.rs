//! Marshalling: Python values to slots. All Python code that a conversion can run, runs here, while nothing of the operation
//! lies on the Lua stack.

use std::ffi::{c_int, c_uint};

use crate::ffi::python::*;

use crate::ffi::lua::{self as ffi};
use crate::lua::numbers::{Exact, exact, is_exact};
use crate::py::text::{self, Encoding};
use crate::py::{Borrowed, Owned, Raised, call, error};
use crate::shared::ProtocolWrapper;

use super::crossing::Locked;
use super::slots::Slots;

impl Locked<'_> {
    /// `[-0, +0, -]` Adds the slot for a Python value: `None` is nil.
    pub(crate) fn marshal(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<(), Raised> {
        let class = value.type_ptr();
        // SAFETY: the GIL is held and the value alive; each check precedes its access.
        unsafe {
            if value.is_none() {
                slots.add_nil();
            } else if class == &raw mut PyBool_Type {
                slots.add_boolean(value.is(Py_True()));
            } else if class == &raw mut PyFloat_Type {
                slots.add_number(PyFloat_AS_DOUBLE(value.as_ptr()) as ffi::lua_Number);
            } else if PyLong_Check(value.as_ptr()) != 0 {
                return self.marshal_integer(slots, value);
            } else if PyUnicode_Check(value.as_ptr()) != 0 {
                return self.marshal_text(slots, value);
            } else if PyBytes_Check(value.as_ptr()) != 0 {
                let bytes = text::bytes_of(value);
                let slot = self.learn_string(bytes);
                slots.add_kept_string(bytes.as_ptr().cast(), bytes.len(), value.hold(), slot);
            } else if let Some(wrapper) = self.as_wrapper(value)? {
                slots.add_reference(wrapper.reference, Some(value.hold()));
            } else if PyFloat_Check(value.as_ptr()) != 0 {
                slots.add_number(PyFloat_AsDouble(value.as_ptr()) as ffi::lua_Number);
            } else if call::has_type(value, self.runtime.shared.protocol_wrapper) {
                let wrapper: *const ProtocolWrapper = value.as_ptr().cast();
                slots.add_object(Borrowed::from_ptr((*wrapper).object).hold(), (*wrapper).protocol);
            } else {
                return self.marshal_object(slots, value);
            }
        }
        Ok(())
    }

    /// `[-0, +0, -]` Adds the slot for a value whose conversion runs no Python code, as that of most values. False for others.
    #[inline]
    pub(crate) fn marshal_plain(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<bool, Raised> {
        let class = value.type_ptr();
        // SAFETY: the GIL is held and the value alive; each check precedes its access.
        unsafe {
            if class == &raw mut PyUnicode_Type
                && let Some(encoding) = self.runtime.options.encoding.as_ref().filter(|encoding| encoding.is_simple())
            {
                if let Some(characters) = text::in_place(value, encoding) {
                    slots.add_string(characters.as_ptr().cast(), characters.len(), value.hold());
                } else {
                    let encoded = text::encode(self.gil, value, encoding)?;
                    slots.add_string(encoded.pointer, encoded.size, encoded.owner);
                }
            } else if let Some(number) = exact_number(value) {
                slots.add_exact(number);
            } else if value.is_none() {
                slots.add_nil();
            } else if class == &raw mut PyBool_Type {
                slots.add_boolean(value.is(Py_True()));
            } else if class == &raw mut PyBytes_Type {
                let bytes = text::bytes_of(value);
                slots.add_string(bytes.as_ptr().cast(), bytes.len(), value.hold());
            } else if self.runtime.types.is_wrapper(class) {
                return self.marshal(slots, value).map(|()| true);
            } else {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `[-0, +0, -]` Adds the slot for a value where nil would mean something else: `None` is `python.none`.
    pub(crate) fn marshal_not_nil(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<(), Raised> {
        if value.is_none() {
            slots.add_object(value.hold(), ffi::LUPA_ATTRIBUTES);
            return Ok(());
        }
        self.marshal(slots, value)
    }

    /// Adds the slot for an object, which Lua shall index by items if it has them.
    pub(crate) fn marshal_object(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<(), Raised> {
        let protocol = self.default_protocol(value)?;
        slots.add_object(value.hold(), protocol);
        Ok(())
    }

    /// Adds the slot for an object, if its type says how Lua shall index it. Runs no code; false for others.
    pub(crate) fn marshal_known_object(&self, slots: &mut Slots, value: Borrowed<'_>) -> bool {
        let protocol = self.known_protocol(value);
        if let Some(protocol) = protocol {
            slots.add_object(value.hold(), protocol);
        }
        protocol.is_some()
    }

    /// The protocol of an object that was not wrapped explicitly: does it have `__getitem__`?
    fn default_protocol(&self, value: Borrowed<'_>) -> Result<c_uint, Raised> {
        if let Some(protocol) = self.known_protocol(value) {
            return Ok(protocol);
        }
        let has_items = call::has_attribute(self.gil, value, c"__getitem__")?;
        Ok(if has_items { ffi::LUPA_ITEMS } else { ffi::LUPA_ATTRIBUTES })
    }

    /// `[-0, +0, -]` Adds a string in the encoding of the runtime; without an encoding, text is an object like others.
    fn marshal_text(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<(), Raised> {
        match &self.runtime.options.encoding {
            Some(encoding) => self.marshal_encoded(slots, value, encoding),
            None => self.marshal_object(slots, value),
        }
    }

    /// `[-0, +0, -]` Adds a string in an encoding.
    pub(crate) fn marshal_encoded(
        &self,
        slots: &mut Slots,
        text: Borrowed<'_>,
        encoding: &Encoding,
    ) -> Result<(), Raised> {
        let encoded = text::encode(self.gil, text, encoding)?;
        let slot = self.learn_string(encoded.as_bytes());
        slots.add_kept_string(encoded.pointer, encoded.size, encoded.owner, slot);
        Ok(())
    }

    /// `[-0, +0, -]` Adds an integer that Lua represents exactly; others go to the overflow handler.
    fn marshal_integer(&self, slots: &mut Slots, value: Borrowed<'_>) -> Result<(), Raised> {
        match self.exact_integer(value)? {
            Some(integer) => {
                slots.add_exact(exact(integer));
                Ok(())
            }
            None => self.marshal_overflow(slots, value),
        }
    }

    /// The value of an int, if Lua can represent it.
    pub(crate) fn exact_integer(&self, value: Borrowed<'_>) -> Result<Option<i64>, Raised> {
        let mut overflow: c_int = 0;
        // SAFETY: the GIL is held; the value is an int.
        let integer = unsafe { PyLong_AsLongLongAndOverflow(value.as_ptr(), &raw mut overflow) };
        // SAFETY: the GIL is held.
        if integer == -1 && overflow == 0 && unsafe { !PyErr_Occurred().is_null() } {
            return Err(Raised::already());
        }
        Ok((overflow == 0 && is_exact(integer)).then_some(integer))
    }

    /// Raises the OverflowError that an integer without a handler causes.
    pub(crate) fn raise_overflow(&self) -> Raised {
        error::raise_overflow_error(self.gil, "Python int too large to convert to C long")
    }
}

/// The value of an object that is exactly an int or a float, if Lua has a number of this value. Runs no code.
#[inline]
pub(crate) fn exact_number(value: Borrowed<'_>) -> Option<Exact> {
    let class = value.type_ptr();
    // SAFETY: the GIL is held and the value alive; each check precedes its access.
    unsafe {
        if class == &raw mut PyLong_Type {
            return exact_int(value.as_ptr()).filter(|integer| is_exact(*integer)).map(exact);
        }
        (class == &raw mut PyFloat_Type).then(|| Exact::Number(PyFloat_AS_DOUBLE(value.as_ptr()) as ffi::lua_Number))
    }
}

/// A value that is known to be an exception, for raising it in Lua.
pub(crate) fn add_exception(slots: &mut Slots, exception: Owned) {
    slots.add_object(exception, ffi::LUPA_ATTRIBUTES);
}
