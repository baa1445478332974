//! `_LuaThread`: a Lua coroutine as a Python generator.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use crate::ffi::python::*;
use crate::lua::guard::effect;

use crate::bridge::crossing::{Crossing, Results};
use crate::bridge::direct::Resumed;
use crate::bridge::errors;
use crate::bridge::operation::{Body, Operation};
use crate::bridge::wrapper::LuaThread;
use crate::ffi::lua as ffi;
use crate::lua::State;
use crate::py::args::{Given, Signature};
use crate::py::error::{self, raise, raise_stop_iteration, raise_type_error, raise_value_error};
use crate::py::types::{TypeSpec, short_method, slot, vector_method};
use crate::py::{Borrowed, Owned, Raised, edge, object as objects};

use super::object::{self, COMMON_FLAGS, checked_reference, enter, free_object, traverse};
use super::throwing::exception_instance;

const DOC: &CStr = c"A Lua coroutine, used like a Python generator.

The next item is what the coroutine yields (None for nothing, a tuple for several values), and at last what its function
returns, if anything. bool() says whether it can be resumed.";

const SEND_DOC: &CStr = c"send($self, value)
--

Resume the coroutine: coroutine.yield returns the value there, or the items if it is a tuple.

Returns the next item. Raises StopIteration at the end, LuaError for an error of Lua, ValueError if the coroutine runs
already, and TypeError if it was not started and the value is not None.";

const THROW_DOC: &CStr = c"throw($self, type, value=None, traceback=None, /)
--

Resume the coroutine with an exception that is raised where it yielded, where Lua's pcall can catch it.

Returns the next item. A coroutine that was not started or has ended raises the exception at once.";

const CLOSE_DOC: &CStr = c"close($self, /)
--

End the coroutine. On Lua 5.4 and newer its pending variables are closed (lua_closethread); an error there is raised.

Raises ValueError if the coroutine runs.";

pub(super) fn spec(name: &'static CStr) -> TypeSpec {
    let mut slots = vec![
        slot(Py_tp_dealloc, dealloc as *mut c_void),
        slot(Py_tp_traverse, traverse_thread as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_iter, PyObject_SelfIter as *mut c_void),
        slot(Py_tp_iternext, next as *mut c_void),
        slot(Py_nb_bool, is_alive as *mut c_void),
    ];
    let own = [Py_tp_dealloc, Py_tp_traverse];
    slots.extend(object::common_slots().into_iter().filter(|slot| !own.contains(&slot.slot)));
    TypeSpec {
        name,
        doc: Some(DOC),
        size: size_of::<LuaThread>(),
        flags: COMMON_FLAGS,
        slots,
        methods: vec![
            vector_method(c"send", send, SEND_DOC),
            vector_method(c"throw", throw, THROW_DOC),
            short_method(c"close", METH_NOARGS, close, CLOSE_DOC),
        ],
        members: object::common_members(),
        getters: Vec::new(),
    }
}

// ---- life ----

unsafe extern "C" fn traverse_thread(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector with a thread wrapper.
    unsafe {
        let arguments = (*slf.cast::<LuaThread>()).arguments;
        let result = traverse(slf, visit, arg);
        if result != 0 || arguments.is_null() { result } else { visit(arguments, arg) }
    }
}

unsafe extern "C" fn clear(slf: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and a thread wrapper; the field is emptied before the release.
    unsafe { drop(take_arguments(slf)) };
    0
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: called by Python for a wrapper with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        clear(slf);
        free_object(slf);
    }
}

/// The arguments of the first resume, once.
///
/// # Safety
/// `slf` is a thread wrapper, the GIL is held.
unsafe fn take_arguments(slf: *mut PyObject) -> Option<Owned> {
    // SAFETY: promised by the caller.
    unsafe { Owned::from_optional(ptr::replace(&raw mut (*slf.cast::<LuaThread>()).arguments, ptr::null_mut())) }
}

// ---- state ----

/// What can be done with a coroutine now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    NotStarted,
    Suspended,
    Active,
    Finished,
    Failed,
}

/// `[-0, +0, -]` The coroutine of a wrapper, and its condition.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn condition(crossing: &Crossing<'_>, slf: *mut PyObject) -> Result<(State, Condition), Raised> {
    effect!(crossing.state(), "[-0, +0, -]");
    let state = crossing.state();
    // SAFETY: promised by the caller.
    let (reference, wrapper) = unsafe { (checked_reference(crossing, slf)?, &*slf.cast::<LuaThread>()) };
    state.push_registry(reference.slot);
    let found = state.address(-1) == reference.address && state.tag(-1) == reference.tag;
    let thread = state.read_thread(-1).filter(|_| found);
    // The registry keeps the thread alive.
    state.drop_to(state.top() - 1);
    let Some(thread) = thread else { return Err(errors::raise_lost_reference(crossing)) };
    // SAFETY: the thread belongs to the locked runtime; the function reads only.
    let condition = match unsafe { ffi::lupa_threadstate(thread.as_ptr()) } as u32 {
        _ if thread == state || thread.as_ptr() == crossing.runtime.main.get() => Condition::Active,
        ffi::LUPA_THREAD_ACTIVE => Condition::Active,
        _ if wrapper.closed => Condition::Finished,
        ffi::LUPA_THREAD_NEW => Condition::NotStarted,
        ffi::LUPA_THREAD_SUSPENDED => Condition::Suspended,
        ffi::LUPA_THREAD_FAILED => Condition::Failed,
        // Closing it has taken the error from it.
        _ if wrapper.failed => Condition::Failed,
        _ => Condition::Finished,
    };
    Ok((thread, condition))
}

unsafe extern "C" fn is_alive(slf: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and a thread wrapper.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            let (_, condition) = condition(&crossing, slf)?;
            Ok(!matches!(condition, Condition::Finished | Condition::Failed))
        })
    }
}

/// `[-0, +0, -]` Raises what keeps a coroutine from being resumed.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn check_resumable(crossing: &Crossing<'_>, slf: *mut PyObject) -> Result<(), Raised> {
    // SAFETY: promised by the caller.
    let (_, condition) = unsafe { condition(crossing, slf)? };
    match condition {
        Condition::Finished => Err(raise_stop_iteration(crossing.gil)),
        Condition::Active => Err(raise_value_error(crossing.gil, "coroutine already executing")),
        Condition::Failed => {
            // SAFETY: the function returns a constant.
            let message = unsafe { CStr::from_ptr(ffi::lupa_deadcoroutine()) };
            Err(raise(crossing.gil, crossing.runtime.shared.lua_error, &error::lossy(message)))
        }
        Condition::NotStarted | Condition::Suspended => Ok(()),
    }
}

// ---- resuming ----

unsafe extern "C" fn next(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a thread wrapper.
    unsafe {
        edge(|gil| {
            // Released last: that may run any code.
            let first;
            let crossing = enter(gil, slf)?;
            first = first_arguments(slf);
            resume(&crossing, slf, items(&first))
        })
    }
}

const SEND: Signature<1> =
    Signature { function: "send", names: ["value"], positional: 1, required: 1, variadic: false };

unsafe extern "C" fn send(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a thread wrapper, and the arguments of a method.
    unsafe {
        edge(|gil| {
            let value = SEND.parse(gil, Given::from_vector(arguments, count, names))?.values[0].unwrap_or_else(none);
            // Released last, as in `next`.
            let first;
            let crossing = enter(gil, slf)?;
            first = first_arguments(slf);
            if first.is_some() && !value.is_none() {
                return Err(raise_type_error(gil, "can't send non-None value to a just-started generator"));
            }
            if first.is_some() || value.is_none() {
                return resume(&crossing, slf, items(&first));
            }
            match PyTuple_Check(value.as_ptr()) {
                0 => resume(&crossing, slf, &[value]),
                _ => resume(&crossing, slf, value.items()),
            }
        })
    }
}

/// The arguments of the first resume, if it has not happened yet.
///
/// # Safety
/// `slf` is a thread wrapper, the GIL is held.
unsafe fn first_arguments(slf: *mut PyObject) -> Option<Owned> {
    // SAFETY: promised by the caller.
    unsafe { (*slf.cast::<LuaThread>()).arguments.as_mut().map(|arguments| Borrowed::from_ptr(arguments).hold()) }
}

/// The items of a tuple; none without one.
fn items(tuple: &Option<Owned>) -> &[Borrowed<'_>] {
    // SAFETY: what is given is a tuple.
    tuple.as_ref().map_or(&[], |tuple| unsafe { tuple.borrow().items() })
}

/// `[-0, +0, -]` Resumes with values; the next item.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn resume(crossing: &Crossing<'_>, slf: *mut PyObject, values: &[Borrowed<'_>]) -> Result<Owned, Raised> {
    effect!(crossing.state(), "[-0, +0, -]");
    // SAFETY: promised by the caller.
    unsafe {
        let wrapper: *mut LuaThread = slf.cast();
        let (thread, mut first) = ((*wrapper).object.reference, None);
        if !(*wrapper).closed && !thread.is_none() {
            // The caller holds the arguments too, so that nothing is released here.
            match crossing.resume_directly(thread, values, || first = take_arguments(slf)) {
                Ok(Resumed::Refused) => {}
                Ok(Resumed::Value(value)) => return Ok(value),
                Ok(Resumed::Results(results, status, died)) => return item(crossing, slf, &results, status, died),
                Err(raised) => {
                    give_back(crossing, slf, first);
                    return Err(raised);
                }
            }
        }
        check_resumable(crossing, slf)?;
        let mut operation = Operation::new(crossing.runtime);
        operation.slots.add_reference(checked_reference(crossing, slf)?, None);
        for value in values {
            crossing.marshal(&mut operation.slots, *value)?;
        }
        // Converting the values may have run any code, also this coroutine.
        check_resumable(crossing, slf)?;
        let first = take_arguments(slf);
        let results = crossing.perform(Body::Resume, &mut operation);
        if results.is_err() {
            give_back(crossing, slf, first);
        }
        performed_item(crossing, slf, &results?, &operation)
    }
}

/// `[-0, +0, -]` Keeps the arguments of a first resume for the next one, if it did not get so far.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn give_back(crossing: &Crossing<'_>, slf: *mut PyObject, arguments: Option<Owned>) {
    effect!(crossing.state(), "[-0, +0, -]");
    // SAFETY: promised by the caller; nobody has filled the field meanwhile.
    unsafe {
        if let (Some(arguments), Ok((_, Condition::NotStarted))) = (arguments, condition(crossing, slf)) {
            (*slf.cast::<LuaThread>()).arguments = arguments.into_ptr();
        }
    }
}

/// `[-0, +0, -]` What a resume has ended with: an item, the end, or an error of the coroutine.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn item(
    crossing: &Crossing<'_>,
    slf: *mut PyObject,
    results: &Results<'_>,
    status: c_int,
    died: bool,
) -> Result<Owned, Raised> {
    // SAFETY: promised by the caller.
    unsafe { (*slf.cast::<LuaThread>()).failed = died };
    match status {
        LUA_OK if results.count() == 0 => Err(raise_stop_iteration(crossing.gil)),
        LUA_OK | LUA_YIELD => crossing.unmarshal_results(results),
        LUA_ERRMEM => Err(errors::raise_memory_error(crossing)),
        _ => Err(errors::raise_from_coroutine(crossing, results.index(0))),
    }
}

/// `[-0, +0, -]` Likewise, of a body that resumes.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn performed_item(
    crossing: &Crossing<'_>,
    slf: *mut PyObject,
    results: &Results<'_>,
    operation: &Operation,
) -> Result<Owned, Raised> {
    // SAFETY: promised by the caller.
    unsafe { item(crossing, slf, results, operation.for_c.status, operation.for_c.number != 0) }
}

const LUA_OK: c_int = ffi::LUA_OK as c_int;
const LUA_YIELD: c_int = ffi::LUA_YIELD as c_int;
const LUA_ERRMEM: c_int = ffi::LUA_ERRMEM as c_int;

// ---- throw and close ----

const THROW: Signature<3> =
    Signature { function: "throw", names: ["type", "value", "traceback"], positional: 3, required: 1, variadic: false };

unsafe extern "C" fn throw(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a thread wrapper, and the arguments of a method.
    unsafe {
        edge(|gil| {
            let [class, value, traceback] = THROW.parse(gil, Given::from_vector(arguments, count, names))?.values;
            let exception = exception_instance(gil, class, value)?;
            if let Some(traceback) = crate::py::args::unless_none(traceback) {
                error::check(PyException_SetTraceback(exception.as_ptr(), traceback.as_ptr()))?;
            }
            let crossing = enter(gil, slf)?;
            match condition(&crossing, slf)?.1 {
                Condition::Suspended => {}
                Condition::Active => return Err(raise_value_error(gil, "coroutine already executing")),
                Condition::NotStarted => {
                    end(&crossing, slf)?;
                    return Err(error::restore(gil, &exception));
                }
                Condition::Finished | Condition::Failed => return Err(error::restore(gil, &exception)),
            }
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(checked_reference(&crossing, slf)?, None);
            operation.slots.add_object(exception, ffi::LUPA_ATTRIBUTES);
            let results = crossing.perform(Body::Throw, &mut operation)?;
            performed_item(&crossing, slf, &results, &operation)
        })
    }
}

fn none<'a>() -> Borrowed<'a> {
    // SAFETY: None is immortal.
    unsafe { Borrowed::from_ptr(Py_None()) }
}

unsafe extern "C" fn close(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a thread wrapper.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            match condition(&crossing, slf)?.1 {
                Condition::Active => return Err(raise_value_error(gil, "coroutine already executing")),
                Condition::Finished => (*slf.cast::<LuaThread>()).closed = true,
                // Pending variables are closed; the error that ended the coroutine was raised when it did.
                Condition::Failed => end(&crossing, slf).unwrap_or_else(|raised| error::clear(gil, raised)),
                Condition::NotStarted | Condition::Suspended => end(&crossing, slf)?,
            }
            Ok(objects::none())
        })
    }
}

/// `[-0, +0, -]` Ends a coroutine that does not run. Where Lua cannot do that, the wrapper alone is marked.
///
/// # Safety
/// `slf` is a thread wrapper.
unsafe fn end(crossing: &Crossing<'_>, slf: *mut PyObject) -> Result<(), Raised> {
    effect!(crossing.state(), "[-0, +0, -]");
    let mut operation = Operation::new(crossing.runtime);
    // SAFETY: promised by the caller.
    unsafe {
        operation.slots.add_reference(checked_reference(crossing, slf)?, None);
        (*slf.cast::<LuaThread>()).closed = true;
        drop(take_arguments(slf));
    }
    let results = crossing.perform(Body::Close, &mut operation)?;
    if results.count() == 0 { Ok(()) } else { Err(errors::raise_from_coroutine(crossing, results.index(0))) }
}
