//! Which wrappers are equal: those of one Lua object, as `rawequal` has it. `__eq` is not asked, so that comparing and hashing
//! neither lock the runtime nor run any code, and what is equal stays so.

use std::ffi::{c_int, c_void};

use crate::bridge::wrapper::LuaObject;
use crate::ffi::python::*;
use crate::py::object::{boolean, not_implemented};
use crate::py::{Borrowed, call};

use super::object::fields;

/// `==` and `!=`; other comparisons, and those with anything else, are left to Python.
pub(super) unsafe extern "C" fn richcompare(
    slf: *mut PyObject,
    other: *mut PyObject,
    operator: c_int,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a wrapper, and a live object.
    let same = unsafe { refers_to_the_same(slf, other) };
    match same.filter(|_| [Py_EQ, Py_NE].contains(&operator)) {
        Some(same) => boolean(same == (operator == Py_EQ)).into_ptr(),
        None => not_implemented().into_ptr(),
    }
}

/// Whether two wrappers stand for one object; nothing if the other is no wrapper of this module.
///
/// # Safety
/// The GIL is held, `slf` is a wrapper, `other` is alive.
unsafe fn refers_to_the_same(slf: *mut PyObject, other: *mut PyObject) -> Option<bool> {
    // SAFETY: promised by the caller; the type says what the layout of the other is.
    unsafe {
        let one = fields(slf);
        let runtime = one.runtime.as_ref()?.runtime.as_ref()?;
        if !call::has_type(Borrowed::from_ptr(other), runtime.types.object) {
            return None;
        }
        let another = fields(other);
        Some(one.runtime == another.runtime && identity(slf, one) == identity(other, another))
    }
}

/// The address and the type of an object of Lua. Both are fixed as long as there is a wrapper, which keeps the object alive. What
/// has no address is its own wrapper only.
fn identity(wrapper: *mut PyObject, fields: &LuaObject) -> (*const c_void, c_int) {
    let address = fields.reference.address;
    if address.is_null() { (wrapper.cast_const().cast(), -1) } else { (address, fields.reference.tag) }
}

pub(super) unsafe extern "C" fn hash(slf: *mut PyObject) -> Py_hash_t {
    // SAFETY: called by Python with the GIL held and a wrapper.
    let (address, _) = unsafe { identity(slf, fields(slf)) };
    // The lowest bits of addresses are the same for all; -1 stands for an error.
    match address.addr().rotate_right(4).cast_signed() {
        -1 => -2,
        hash => hash,
    }
}
