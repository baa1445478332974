//! Indexing Python objects in Lua: items or attributes, through the filters or the handlers of the runtime.

use std::ffi::c_uint;

use crate::ffi::python::PyBytes_Check;

use crate::ffi::lua as ffi;
use crate::ffi::python::*;
use crate::py::error::check;
use crate::py::{Borrowed, Owned, Raised, call, object, text};

use super::crossing::Locked;

/// What Lua code does with an attribute or item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl Locked<'_> {
    /// `object[key]` or `object.key`, as the protocol of the box says. A getter replaces both.
    pub(crate) fn get_index(&self, object: Borrowed<'_>, protocol: c_uint, key: Owned) -> Result<Owned, Raised> {
        let options = &self.runtime.options;
        if let Some(getter) = &options.attribute_getter {
            return call::call(self.gil, getter.borrow(), &[object, key.borrow()]);
        }
        if protocol & ffi::LUPA_ITEMS != 0 {
            let key = self.filtered(options.item_filter.as_ref(), object, key, Access::Read)?;
            // SAFETY: the GIL is held, both are alive.
            return unsafe { Owned::from_new(PyObject_GetItem(object.as_ptr(), key.as_ptr())) };
        }
        let name = self.attribute_name(object, key, Access::Read)?;
        // SAFETY: as above.
        unsafe { Owned::from_new(PyObject_GetAttr(object.as_ptr(), name.as_ptr())) }
    }

    /// `object[key] = value` or `object.key = value`, likewise. A setter replaces both.
    pub(crate) fn set_index(
        &self,
        object: Borrowed<'_>,
        protocol: c_uint,
        key: Owned,
        value: &Owned,
    ) -> Result<(), Raised> {
        let options = &self.runtime.options;
        if let Some(setter) = &options.attribute_setter {
            return call::call(self.gil, setter.borrow(), &[object, key.borrow(), value.borrow()]).map(drop);
        }
        if protocol & ffi::LUPA_ITEMS != 0 {
            let key = self.filtered(options.item_filter.as_ref(), object, key, Access::Write)?;
            // SAFETY: the GIL is held, all are alive.
            return check(unsafe { PyObject_SetItem(object.as_ptr(), key.as_ptr(), value.as_ptr()) });
        }
        let name = self.attribute_name(object, key, Access::Write)?;
        // SAFETY: as above.
        check(unsafe { PyObject_SetAttr(object.as_ptr(), name.as_ptr(), value.as_ptr()) })
    }

    /// What a filter makes of a key.
    fn filtered(
        &self,
        filter: Option<&Owned>,
        object: Borrowed<'_>,
        key: Owned,
        access: Access,
    ) -> Result<Owned, Raised> {
        let Some(filter) = filter else { return Ok(key) };
        let is_setting = object::boolean(access == Access::Write);
        call::call(self.gil, filter.borrow(), &[object, key.borrow(), is_setting.borrow()])
    }

    /// The name of an attribute: what the filter makes of the key; bytes are decoded as source code is.
    fn attribute_name(&self, object: Borrowed<'_>, key: Owned, access: Access) -> Result<Owned, Raised> {
        let name = self.filtered(self.runtime.options.attribute_filter.as_ref(), object, key, access)?;
        // SAFETY: the object is alive; the check precedes the access.
        unsafe {
            if PyBytes_Check(name.as_ptr()) != 0 {
                let bytes = text::bytes_of(name.borrow());
                return text::decode(self.gil, bytes, &self.runtime.options.source_encoding);
            }
        }
        Ok(name)
    }

    /// `str(object)` as a string for Lua: in the encoding of the runtime, or in UTF-8 where it has none.
    pub(crate) fn object_text(&self, object: Borrowed<'_>) -> Result<text::Encoded, Raised> {
        // SAFETY: the GIL is held, the object alive.
        let string = unsafe { Owned::from_new(PyObject_Str(object.as_ptr()))? };
        let encoding = self.runtime.options.encoding.as_ref().unwrap_or(&text::Encoding::Utf8);
        text::encode(self.gil, string.borrow(), encoding)
    }
}
