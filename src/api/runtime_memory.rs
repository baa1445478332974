//! `LuaRuntime`: memory and the collector.

use crate::ffi::python::*;

use crate::bridge::operation::{Body, Operation};
use crate::lua::memory::Scope;
use crate::py::args::{Given, Signature, truth};
use crate::py::error::{raise_runtime_error, raise_type_error};
use crate::py::{Borrowed, Gil, Owned, Raised, edge, object};

use super::runtime::enter;
use super::{nogc, runtime_new};

pub(super) unsafe extern "C" fn new_nogc(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a runtime.
    unsafe { edge(|gil| nogc::new_nogc(&enter(gil, slf)?)) }
}

pub(super) unsafe extern "C" fn gccollect(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a runtime.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            crossing.perform(Body::Collect, &mut Operation::new(crossing.runtime))?;
            Ok(object::none())
        })
    }
}

/// A size for Python; `None` for a runtime that does not count.
fn size(gil: Gil<'_>, size: Option<usize>) -> Result<Owned, Raised> {
    let _ = gil;
    match size {
        // SAFETY: the GIL is held.
        Some(size) => unsafe { Owned::from_new(PyLong_FromSize_t(size)) },
        None => Ok(object::none()),
    }
}

/// What the flag `total` says.
fn scope(gil: Gil<'_>, argument: Option<Borrowed<'_>>) -> Result<Scope, Raised> {
    let total = argument.map_or(Ok(false), |argument| truth(gil, argument))?;
    Ok(if total { Scope::Total } else { Scope::Own })
}

const SET_MAX_MEMORY: Signature<2> = Signature {
    function: "set_max_memory",
    names: ["max_memory", "total"],
    positional: 2,
    required: 1,
    variadic: false,
};

pub(super) unsafe extern "C" fn set_max_memory(
    slf: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let [limit, total] = SET_MAX_MEMORY.parse(gil, Given::from_tuple(arguments, keywords))?.values;
            let scope = scope(gil, total)?;
            let Some(limit) = runtime_new::limit(gil, limit)? else {
                return Err(raise_type_error(gil, "max_memory must be an integer"));
            };
            let crossing = enter(gil, slf)?;
            match &crossing.runtime.memory {
                Some(memory) => memory.set_limit(limit, scope),
                None => return Err(raise_runtime_error(gil, "max_memory must be set on LuaRuntime creation")),
            }
            Ok(object::none())
        })
    }
}

const GET_MAX_MEMORY: Signature<1> =
    Signature { function: "get_max_memory", names: ["total"], positional: 1, required: 0, variadic: false };

pub(super) unsafe extern "C" fn get_max_memory(
    slf: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let scope = scope(gil, GET_MAX_MEMORY.parse(gil, Given::from_tuple(arguments, keywords))?.values[0])?;
            let crossing = enter(gil, slf)?;
            size(gil, crossing.runtime.memory.as_ref().map(|memory| memory.limit(scope)))
        })
    }
}

const GET_MEMORY_USED: Signature<1> =
    Signature { function: "get_memory_used", names: ["total"], positional: 1, required: 0, variadic: false };

pub(super) unsafe extern "C" fn get_memory_used(
    slf: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let scope = scope(gil, GET_MEMORY_USED.parse(gil, Given::from_tuple(arguments, keywords))?.values[0])?;
            let crossing = enter(gil, slf)?;
            size(gil, crossing.runtime.memory.as_ref().map(|memory| memory.used(scope)))
        })
    }
}
