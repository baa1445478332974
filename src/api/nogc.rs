//! `_LuaNoGC`: a `with` block during which Lua's collector stands still.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use crate::ffi::python::*;

use crate::bridge::crossing::Crossing;
use crate::bridge::runtime::RuntimeObject;
use crate::ffi::lua as ffi;
use crate::py::error::raise_type_error;
use crate::py::types::{self, TypeSpec, method, short_method, slot};
use crate::py::{Borrowed, Gil, Owned, Raised, edge, object};

/// The Python object.
#[repr(C)]
struct NoGc {
    base: PyObject,
    /// A strong reference.
    runtime: *mut RuntimeObject,
    /// How many of its blocks are active.
    entered: u32,
}

const DOC: &CStr = c"A context manager that stops the collector of a Lua runtime. Blocks can be nested.";

pub(super) fn spec(name: &'static CStr) -> TypeSpec {
    TypeSpec {
        name,
        doc: Some(DOC),
        size: size_of::<NoGc>(),
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC) as u64,
        slots: vec![
            slot(Py_tp_new, refuse_new as *mut c_void),
            slot(Py_tp_dealloc, dealloc as *mut c_void),
            slot(Py_tp_traverse, traverse as *mut c_void),
        ],
        methods: vec![
            short_method(c"__enter__", METH_NOARGS, enter, c"Stop the collector."),
            method(c"__exit__", exit, c"Let the collector run again, unless an outer block is active."),
        ],
        members: Vec::new(),
        getters: Vec::new(),
    }
}

/// A new context manager for a runtime.
pub(super) fn new_nogc(crossing: &Crossing<'_>) -> Result<Owned, Raised> {
    // SAFETY: the type is a heap type of ours with this layout; the runtime object is alive while it is locked.
    unsafe {
        let manager = types::allocate(crossing.gil, crossing.runtime.types.nogc)?;
        let fields: *mut NoGc = manager.as_ptr().cast();
        (*fields).runtime = Borrowed::from_ptr(crossing.runtime.object).hold().into_ptr().cast();
        Ok(manager)
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

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: called by Python for an instance with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        drop(Owned::from_optional(ptr::replace(&raw mut (*slf.cast::<NoGc>()).runtime, ptr::null_mut()).cast()));
        types::free(slf);
    }
}

unsafe extern "C" fn traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector with an instance.
    unsafe {
        let result = visit(Py_TYPE(slf).cast(), arg);
        let runtime = (*slf.cast::<NoGc>()).runtime;
        if result != 0 || runtime.is_null() { result } else { visit(runtime.cast(), arg) }
    }
}

/// Locks the runtime.
///
/// # Safety
/// `slf` is an instance.
unsafe fn lock<'a>(gil: Gil<'a>, slf: *mut PyObject) -> Result<Crossing<'a>, Raised> {
    // SAFETY: promised by the caller; the instance holds its runtime.
    unsafe { Crossing::enter(gil, (*slf.cast::<NoGc>()).runtime) }
}

unsafe extern "C" fn enter(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and an instance.
    unsafe {
        edge(|gil| {
            let crossing = lock(gil, slf)?;
            let stops = &crossing.runtime.collector_stops;
            stops.set(stops.get() + 1);
            (*slf.cast::<NoGc>()).entered += 1;
            // Stopping raises nothing.
            ffi::lupa_collector_enable(crossing.state().as_ptr(), 0);
            Ok(object::none())
        })
    }
}

unsafe extern "C" fn exit(slf: *mut PyObject, _arguments: *mut PyObject, _keywords: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and an instance.
    unsafe {
        edge(|gil| {
            let crossing = lock(gil, slf)?;
            let manager: *mut NoGc = slf.cast();
            if (*manager).entered > 0 {
                (*manager).entered -= 1;
                let stops = &crossing.runtime.collector_stops;
                stops.set(stops.get() - 1);
            }
            if crossing.runtime.collector_stops.get() == 0 {
                // Restarting raises nothing.
                ffi::lupa_collector_enable(crossing.state().as_ptr(), 1);
            }
            Ok(object::none())
        })
    }
}
