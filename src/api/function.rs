//! `_LuaFunction` and `_LuaCoroutineFunction`: Lua functions, and coroutines that were not started.

use std::ffi::{CStr, c_void};
use std::ptr;

use crate::ffi::python::*;
use crate::lua::guard::effect;

use crate::bridge::operation::{Body, Operation};
use crate::bridge::wrapper::{LuaCoroutineFunction, LuaFunction, LuaThread};
use crate::lua::references::Reference;
use crate::py::args::Given;
use crate::py::error::raise_type_error;
use crate::py::types::{TypeSpec, offset, slot, vector_method};
use crate::py::{Borrowed, Gil, Owned, Raised, args, edge};

use super::object::{self, COMMON_FLAGS, checked_reference, enter, free_object, give_up, positional};

const FUNCTION_DOC: &CStr = c"A Lua function.

Calling it with positional arguments gives None, its one result, or a tuple of its results. Raises LuaError, or the Python
exception that passed through Lua.";

const COROUTINE_FUNCTION_DOC: &CStr = c"A Lua coroutine that was not started.

Calling it makes a fresh coroutine of its function, as coroutine() does. In Lua it is the thread that it is.";

const COROUTINE_DOC: &CStr = c"coroutine($self, /, *args)
--

A new Lua coroutine that runs this function with the arguments.

It behaves like a Python generator: each value that is yielded, and what the function returns at the end, is the next item.
Raises TypeError if this is not a function written in Lua.

>>> import lupa
>>> f = lupa.LuaRuntime().eval('function(n) for i = 1, n do coroutine.yield(i) end end')
>>> list(f.coroutine(3))
[1, 2, 3]";

const CALLABLE_FLAGS: u64 = COMMON_FLAGS | Py_TPFLAGS_HAVE_VECTORCALL as u64;

fn callable_slots() -> Vec<PyType_Slot> {
    let mut slots = object::common_slots();
    slots.retain(|slot| slot.slot != Py_tp_call);
    slots.push(slot(Py_tp_call, PyVectorcall_Call as *mut c_void));
    slots
}

fn callable_members() -> Vec<PyMemberDef> {
    let mut members = object::common_members();
    members.push(offset(c"__vectorcalloffset__", std::mem::offset_of!(LuaFunction, vectorcall)));
    members
}

pub(super) fn spec(name: &'static CStr) -> TypeSpec {
    TypeSpec {
        name,
        doc: Some(FUNCTION_DOC),
        size: size_of::<LuaFunction>(),
        flags: CALLABLE_FLAGS | Py_TPFLAGS_BASETYPE as u64,
        slots: callable_slots(),
        methods: vec![vector_method(c"coroutine", coroutine, COROUTINE_DOC)],
        members: callable_members(),
        getters: Vec::new(),
    }
}

pub(super) fn coroutine_function_spec(name: &'static CStr) -> TypeSpec {
    let mut slots = callable_slots();
    slots.retain(|slot| slot.slot != Py_tp_dealloc);
    slots.push(slot(Py_tp_dealloc, dealloc_coroutine_function as *mut c_void));
    TypeSpec {
        name,
        doc: Some(COROUTINE_FUNCTION_DOC),
        size: size_of::<LuaCoroutineFunction>(),
        flags: CALLABLE_FLAGS,
        slots,
        methods: vec![vector_method(c"coroutine", coroutine, COROUTINE_DOC)],
        members: callable_members(),
        getters: Vec::new(),
    }
}

unsafe extern "C" fn dealloc_coroutine_function(slf: *mut PyObject) {
    let wrapper: *mut LuaCoroutineFunction = slf.cast();
    // SAFETY: called by Python for a wrapper with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        give_up((*wrapper).callable.object.runtime, ptr::replace(&raw mut (*wrapper).function, Reference::NONE));
        free_object(slf);
    }
}

/// `coroutine(*args)`.
unsafe extern "C" fn coroutine(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a function wrapper, and the arguments of a method.
    unsafe {
        edge(|gil| {
            let given = Given::from_vector(arguments, count, names);
            if given.first_name().is_some() {
                return Err(raise_type_error(gil, "coroutine() takes no keyword arguments"));
            }
            new_thread(gil, slf, given.positional())
        })
    }
}

/// Calling a coroutine that was not started.
pub(super) unsafe extern "C" fn call_coroutine_function(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a wrapper, and arguments that it keeps alive.
    unsafe {
        edge(|gil| {
            let arguments = positional(gil, Given::from_vector(arguments, PyVectorcall_NARGS(count), names))?;
            new_thread(gil, slf, arguments)
        })
    }
}

/// `[-0, +0, -]` A new coroutine for the function of a wrapper, with the arguments of its first resume.
///
/// # Safety
/// `slf` is a function wrapper of this module.
unsafe fn new_thread(gil: Gil<'_>, slf: *mut PyObject, arguments: &[Borrowed<'_>]) -> Result<Owned, Raised> {
    let arguments = args::tuple(gil, arguments.iter().map(|argument| argument.hold()))?;
    // SAFETY: promised by the caller.
    let crossing = unsafe { enter(gil, slf)? };
    effect!(crossing.state(), "[-0, +0, -]");
    // SAFETY: promised by the caller; the type says which of the two layouts it is.
    unsafe {
        let function = if Py_TYPE(slf) == crossing.runtime.types.coroutine_function {
            (*slf.cast::<LuaCoroutineFunction>()).function
        } else {
            checked_reference(&crossing, slf)?
        };
        let results = match crossing.thread_directly(function) {
            Some(results) => results?,
            None => {
                let mut operation = Operation::new(crossing.runtime);
                operation.slots.add_reference(function, None);
                crossing.perform(Body::NewThread, &mut operation)?
            }
        };
        let thread = crossing.wrap(results.index(0), crossing.runtime.types.thread)?;
        (*thread.as_ptr().cast::<LuaThread>()).arguments = arguments.into_ptr();
        Ok(thread)
    }
}
