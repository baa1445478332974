//! `_LuaTable`: a Lua table as a mapping.

use std::ffi::{CStr, c_int, c_void};

use crate::ffi::python::*;

use crate::bridge::ahead::What;
use crate::bridge::operation::{Body, Operation};
use crate::bridge::wrapper::LuaObject;
use crate::py::error::raise_type_error;
use crate::py::types::{TypeSpec, short_method, slot};
use crate::py::{Borrowed, Owned, edge, text};

use super::copying;
use super::iterator::new_iterator;
use super::object::{self, COMMON_FLAGS, add_name, checked_reference, enter, fields};

const DOC: &CStr = c"A Lua table.

Items and attributes are the fields of the table; a missing one is None. Assigning None removes a field. Metamethods are
honoured (__index, __newindex, __len, __call), but for iteration, which is that of next(). The key None stands for
python.none.

>>> import lupa
>>> table = lupa.LuaRuntime().eval('{10, 20, name = \"x\"}')
>>> table[1], table.name, table['name'], len(table)
(10, 'x', 'x', 2)
>>> sorted(table.items(), key=str)
[('name', 'x'), (1, 10), (2, 20)]";

const KEYS_DOC: &CStr = c"keys($self, /)
--

An iterator over the keys, in the order of Lua's next(). A key that cannot be decoded arrives as bytes.";

const VALUES_DOC: &CStr = c"values($self, /)
--

An iterator over the values, in the order of Lua's next().";

const ITEMS_DOC: &CStr = c"items($self, /)
--

An iterator over (key, value) pairs, in the order of Lua's next().";

pub(super) fn spec(name: &'static CStr) -> TypeSpec {
    let mut slots = object::common_slots();
    slots.extend([
        slot(Py_tp_iter, keys_iter as *mut c_void),
        slot(Py_tp_setattro, setattro as *mut c_void),
        slot(Py_mp_ass_subscript, assign_subscript as *mut c_void),
    ]);
    TypeSpec {
        name,
        doc: Some(DOC),
        size: size_of::<LuaObject>(),
        flags: COMMON_FLAGS,
        slots,
        methods: [own_methods(), copying::methods()].concat(),
        members: object::common_members(),
        getters: Vec::new(),
    }
}

fn own_methods() -> Vec<PyMethodDef> {
    vec![
        short_method(c"keys", METH_NOARGS, keys, KEYS_DOC),
        short_method(c"values", METH_NOARGS, values, VALUES_DOC),
        short_method(c"items", METH_NOARGS, items, ITEMS_DOC),
    ]
}

// ---- iteration ----

unsafe extern "C" fn keys_iter(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a table.
    unsafe { iterate(slf, What::Keys) }
}

unsafe extern "C" fn keys(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a table.
    unsafe { iterate(slf, What::Keys) }
}

unsafe extern "C" fn values(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a table.
    unsafe { iterate(slf, What::Values) }
}

unsafe extern "C" fn items(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a table.
    unsafe { iterate(slf, What::Items) }
}

/// # Safety
/// The GIL is held, `slf` is a table.
unsafe fn iterate(slf: *mut PyObject, what: What) -> *mut PyObject {
    // SAFETY: promised by the caller.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            new_iterator(&crossing, Borrowed::from_ptr(slf), what)
        })
    }
}

// ---- assignment ----

/// Sets a field; null stands for its deletion.
///
/// # Safety
/// The GIL is held, `slf` is a table, `key` is alive, `value` is alive or null.
unsafe extern "C" fn assign_subscript(slf: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and live objects.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            let table = checked_reference(&crossing, slf)?;
            let given = value.as_mut().map(|value| Borrowed::from_ptr(value));
            if key != Py_None()
                && let Some(done) = crossing.newindex_directly(table, Borrowed::from_ptr(key), given)
            {
                return done;
            }
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(table, None);
            crossing.marshal_not_nil(&mut operation.slots, Borrowed::from_ptr(key))?;
            if value.is_null() {
                operation.slots.add_nil();
            } else {
                crossing.marshal(&mut operation.slots, Borrowed::from_ptr(value))?;
            }
            crossing.perform(Body::Set, &mut operation).map(drop)
        })
    }
}

unsafe extern "C" fn setattro(slf: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and live objects.
    unsafe {
        edge(|gil| {
            if PyUnicode_Check(name) == 0 || text::is_dunder(gil, Borrowed::from_ptr(name)) {
                let what = if value.is_null() { "__delattr__" } else { "__setattr__" };
                let class = std::ffi::CStr::from_ptr((*Py_TYPE(slf)).tp_name).to_string_lossy();
                return Err(raise_type_error(gil, &format!("can't apply this {what} to {class} object")));
            }
            let crossing = enter(gil, slf)?;
            let table = checked_reference(&crossing, slf)?;
            let given = value.as_mut().map(|value| Borrowed::from_ptr(value));
            if let Some(done) = crossing.newindex_directly(table, Borrowed::from_ptr(name), given) {
                return done;
            }
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(table, None);
            add_name(&crossing, &mut operation, name)?;
            if value.is_null() {
                operation.slots.add_nil();
            } else {
                crossing.marshal(&mut operation.slots, Borrowed::from_ptr(value))?;
            }
            crossing.perform(Body::Set, &mut operation).map(drop)
        })
    }
}

/// Arguments for a Python call from a table; see `Shared::register`.
pub(super) unsafe extern "C" fn unpack_table(
    slf: *mut PyObject,
    positional: *mut *mut PyObject,
    named: *mut *mut PyObject,
) -> c_int {
    // SAFETY: called by `lupa._core` with the GIL held, a table of this module, and places for two references.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            checked_reference(&crossing, slf)?;
            let (tuple, dict): (Owned, Owned) = crossing.unpack_table(fields(slf))?;
            *positional = tuple.into_ptr();
            *named = dict.into_ptr();
            Ok(())
        })
    }
}
