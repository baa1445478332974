//! `_LuaIter`: one walk over a table.

use std::cell::Cell;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use crate::ffi::python::*;

use crate::bridge::ahead::{Ahead, Plain, What};
use crate::bridge::crossing::Crossing;
use crate::bridge::walk::{Found, Walk};
use crate::py::error::raise_type_error;
use crate::py::types::{self, TypeSpec, offset, slot};
use crate::py::{Borrowed, Owned, Raised, args, call, edge, text};

use super::object::{checked_reference, enter, fields, give_up};

/// The Python object.
#[repr(C)]
struct LuaIter {
    base: PyObject,
    /// The table, or null at the end.
    table: *mut PyObject,
    weakrefs: *mut PyObject,
    walk: Cell<Walk>,
    ahead: Ahead,
    what: What,
}

const DOC: &CStr = c"An iterator over the keys, values or items of a Lua table.";

pub(super) fn spec(name: &'static CStr) -> TypeSpec {
    TypeSpec {
        name,
        doc: Some(DOC),
        size: size_of::<LuaIter>(),
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC) as u64,
        slots: vec![
            slot(Py_tp_new, refuse_new as *mut c_void),
            slot(Py_tp_dealloc, dealloc as *mut c_void),
            slot(Py_tp_traverse, traverse as *mut c_void),
            slot(Py_tp_repr, repr as *mut c_void),
            slot(Py_tp_iter, PyObject_SelfIter as *mut c_void),
            slot(Py_tp_iternext, next as *mut c_void),
        ],
        methods: Vec::new(),
        members: vec![offset(c"__weaklistoffset__", std::mem::offset_of!(LuaIter, weakrefs))],
        getters: Vec::new(),
    }
}

/// A new iterator over a table.
pub(super) fn new_iterator(crossing: &Crossing<'_>, table: Borrowed<'_>, what: What) -> Result<Owned, Raised> {
    // SAFETY: the type is a heap type of ours with this layout; the new object is ours alone.
    unsafe {
        let iterator = types::allocate(crossing.gil, crossing.runtime.types.iterator)?;
        let fields: *mut LuaIter = iterator.as_ptr().cast();
        (*fields).table = table.hold().into_ptr();
        (*fields).what = what;
        (*fields).walk = Cell::new(Walk::START);
        ptr::write(&raw mut (*fields).ahead, Ahead::default());
        Ok(iterator)
    }
}

unsafe extern "C" fn refuse_new(
    _class: *mut PyTypeObject,
    _args: *mut PyObject,
    _keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held.
    unsafe { edge::<Owned>(|gil| Err(raise_type_error(gil, "Type cannot be instantiated manually"))) }
}

/// Lets go of the table, of the key, and of what was read ahead.
///
/// # Safety
/// `slf` is an iterator, the GIL is held.
unsafe fn finish(slf: *mut PyObject) {
    let iterator: *mut LuaIter = slf.cast();
    // SAFETY: promised by the caller; the table, a wrapper, holds the runtime until it is released here.
    unsafe {
        if let Some(table) = Owned::from_optional(ptr::replace(&raw mut (*iterator).table, ptr::null_mut())) {
            let walk = (*iterator).walk.replace(Walk::START);
            for slot in walk.end(&(*iterator).ahead) {
                give_up(fields(table.as_ptr()).runtime, slot);
            }
        }
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: called by Python for an iterator with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        if !(*slf.cast::<LuaIter>()).weakrefs.is_null() {
            PyObject_ClearWeakRefs(slf);
        }
        finish(slf);
        types::free(slf);
    }
}

unsafe extern "C" fn traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector with an iterator.
    unsafe {
        let result = visit(Py_TYPE(slf).cast(), arg);
        let table = (*slf.cast::<LuaIter>()).table;
        if result != 0 || table.is_null() { result } else { visit(table, arg) }
    }
}

unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and an iterator.
    unsafe {
        edge(|gil| {
            let table = (*slf.cast::<LuaIter>()).table;
            let table = if table.is_null() { Py_None() } else { table };
            let table = call::repr(gil, Borrowed::from_ptr(table))?;
            text::string(gil, &format!("LuaIter({table})"))
        })
    }
}

/// The next key, value or pair; null without an exception at the end.
unsafe extern "C" fn next(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and an iterator.
    unsafe {
        match next_ahead(slf.cast()) {
            Found::Item(Plain::One(item)) => item.into_ptr(),
            Found::Item(Plain::Pair(key, value)) => pair(key, value),
            Found::End => {
                finish(slf);
                ptr::null_mut()
            }
            Found::Unknown => ask(slf),
        }
    }
}

/// The tuple of a key and a value, as the result of `next`.
#[inline(never)]
fn pair(key: Owned, value: Owned) -> *mut PyObject {
    // SAFETY: called with the GIL held.
    unsafe { edge(|gil| args::tuple(gil, [key, value])) }
}

/// The next one, from the table.
///
/// # Safety
/// `slf` is an iterator, the GIL is held.
#[inline(never)]
unsafe fn ask(slf: *mut PyObject) -> *mut PyObject {
    let iterator: *mut LuaIter = slf.cast();
    // SAFETY: promised by the caller.
    unsafe {
        // The table is held here, since another thread may finish the same iterator meanwhile.
        let Some(table) = (*iterator).table.as_mut().map(|table| Borrowed::from_ptr(table).hold()) else {
            return ptr::null_mut();
        };
        let mut exhausted = false;
        let item = edge(|gil| {
            let crossing = enter(gil, table.as_ptr())?;
            // Another thread may have come to the end meanwhile.
            let item = if (*iterator).table.is_null() { None } else { step(&crossing, iterator, &table)? };
            if item.is_none() {
                exhausted = true;
                finish(slf);
            }
            Ok(item.unwrap_or_else(crate::py::object::none))
        });
        if exhausted {
            drop(Owned::from_optional(item));
            return ptr::null_mut();
        }
        item
    }
}

/// What was read ahead.
///
/// # Safety
/// The GIL is held, and `iterator` is alive.
unsafe fn next_ahead(iterator: *mut LuaIter) -> Found {
    // SAFETY: promised by the caller; the table, a wrapper, holds the runtime.
    unsafe {
        let Some(table) = (*iterator).table.as_mut() else { return Found::Unknown };
        match fields(table).runtime.as_ref().and_then(|runtime| runtime.runtime.as_ref()) {
            Some(runtime) => Walk::next_ahead(&(*iterator).walk, &(*iterator).ahead, runtime),
            None => Found::Unknown,
        }
    }
}

/// `[-0, +0, -]` One step; nothing at the end.
///
/// # Safety
/// `iterator` is alive, and `table` its table.
unsafe fn step(crossing: &Crossing<'_>, iterator: *mut LuaIter, table: &Owned) -> Result<Option<Owned>, Raised> {
    // SAFETY: promised by the caller; the lock keeps other threads from stepping.
    let (table, LuaIter { what, walk, ahead, .. }) =
        unsafe { (checked_reference(crossing, table.as_ptr())?, &*iterator) };
    crossing.step(table, walk, ahead, *what)
}
