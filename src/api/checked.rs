//! What checked builds offer to the tests: faults in the allocator, a census of what a runtime holds, and functions that leave
//! the stack other than they state. No other build has these names.

use std::ffi::{CStr, c_int};

use crate::bridge::crossing::Crossing;
use crate::ffi::lua as ffi;
use crate::ffi::python::*;
use crate::lua::faults;
use crate::lua::guard::effect;
use crate::py::args::{Given, Signature};
use crate::py::error::check;
use crate::py::types::{method, method_table, short_method};
use crate::py::{Borrowed, Gil, Owned, Raised, args, edge, object, text};

use super::runtime::enter;

const START: &CStr = c"_start_faults(first, count)
--

Refuse `count` growing requests for memory, from number `first` on (ints; 0: none), of those that Lua makes in this thread
from now on. Concerns runtimes with an allocator of their own, those that are about to be made included.";

const STOP: &CStr = c"_stop_faults()
--

Refuse nothing any more; (requests, refused requests, requests that were exempt) since the start.";

pub(super) const CENSUS: &CStr = c"_census($self, /)
--

What the runtime holds: a dict of counters.";

pub(super) const STAYS: &CStr = c"_stays($self, /)
--

How often this runtime was entered without giving the GIL up.";

pub(super) const UNBALANCE: &CStr = c"_unbalance($self, which, /)
--

Ends the process, by a function that does not do to the stack what it states: 'unbalanced' (a body with too many results),
'boastful' (a body that has not so many), 'leaves' (a C function), 'rust', 'operation'.";

/// Adds the functions to a new module.
pub(super) fn add_functions(_gil: Gil<'_>, module: Borrowed<'_>) -> Result<(), Raised> {
    let functions = vec![
        method(c"_start_faults", start_faults, START),
        short_method(c"_stop_faults", METH_NOARGS, stop_faults, STOP),
    ];
    // SAFETY: the GIL is held, the module alive; the table is never freed.
    check(unsafe { PyModule_AddFunctions(module.as_ptr(), method_table(functions)) })
}

const START_FAULTS: Signature<2> =
    Signature { function: "_start_faults", names: ["first", "count"], positional: 2, required: 2, variadic: false };

unsafe extern "C" fn start_faults(
    _module: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a function.
    unsafe {
        edge(|gil| {
            let [Some(first), Some(count)] = START_FAULTS.parse(gil, Given::from_tuple(arguments, keywords))?.values
            else {
                return Ok(object::none());
            };
            let (first, count) = (PyLong_AsUnsignedLongLong(first.as_ptr()), PyLong_AsUnsignedLongLong(count.as_ptr()));
            if !PyErr_Occurred().is_null() {
                return Err(Raised::already());
            }
            faults::start(first, count);
            Ok(object::none())
        })
    }
}

unsafe extern "C" fn stop_faults(_module: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held.
    unsafe {
        edge(|gil| {
            let done = faults::stop();
            let number = |count| Owned::from_new(PyLong_FromUnsignedLongLong(count));
            args::tuple(gil, [number(done.requests)?, number(done.refused)?, number(done.exempt)?])
        })
    }
}

/// `runtime._census()`.
pub(super) unsafe extern "C" fn census(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a runtime.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            let runtime = crossing.runtime;
            let mut nodes = 0;
            runtime.boxes.visit(|_object| {
                nodes += 1;
                0
            });
            let counters = [
                (c"registry slots", runtime.references.in_use()),
                (c"free registry slots", runtime.references.available()),
                (c"nodes", nodes),
                (c"answers", runtime.answers.count()),
                (c"releases", runtime.waiting_releases()),
                (c"depth", runtime.depth.get() as usize),
                (c"values held", usize::try_from(runtime.held.get()).unwrap_or(usize::MAX)),
                (c"values on the stack", usize::try_from(crossing.state().top()).unwrap_or(usize::MAX)),
            ];
            let result = Owned::from_new(PyDict_New())?;
            for (name, count) in counters {
                let count = Owned::from_new(PyLong_FromSize_t(count))?;
                let set: c_int = PyDict_SetItemString(result.as_ptr(), name.as_ptr(), count.as_ptr());
                check(set)?;
            }
            Ok(result)
        })
    }
}

/// `runtime._stays()`.
pub(super) unsafe extern "C" fn stays(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a runtime.
    unsafe { edge(|gil| Owned::from_new(PyLong_FromSize_t(enter(gil, slf)?.runtime.keeper.stays()))) }
}

/// `runtime._unbalance(which)`.
pub(super) unsafe extern "C" fn unbalance(slf: *mut PyObject, which: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a runtime and an object.
    unsafe {
        edge(|gil| {
            let which = text::to_string(gil, Borrowed::from_ptr(which))?;
            let crossing = enter(gil, slf)?;
            match which.as_bytes() {
                b"rust" => leave_value(&crossing),
                b"operation" => crossing.state().push_boolean(false),
                other => {
                    let letter = other.first().copied().unwrap_or_default();
                    ffi::lupa_unbalance(crossing.state().as_ptr(), letter.into());
                }
            }
            Ok(object::none())
        })
    }
}

/// `[-0, +0, -]` A value is left.
fn leave_value(crossing: &Crossing<'_>) {
    effect!(crossing.state(), "[-0, +0, -]");
    crossing.state().push_boolean(false);
}
