//! The constructor of `LuaRuntime`.

use crate::ffi::python::*;

use crate::bridge::crossing::Crossing;
use crate::bridge::lifetime::{self, Registered};
use crate::bridge::options::{Options, OverflowHandler};
use crate::bridge::runtime::{Runtime, RuntimeObject};
use crate::lua::memory::{Memory, Scope};
use crate::py::args::{Given, Signature, is_callable, truth, unless_none};
use crate::py::error::{self, raise_value_error};
use crate::py::text::{self, Encoding};
use crate::py::{Borrowed, Gil, Owned, Raised, args, call, edge, object, types};

use super::libraries;
use super::module::state_of;

const SIGNATURE: Signature<15> = Signature {
    function: "LuaRuntime",
    names: [
        "encoding",
        "source_encoding",
        "attribute_filter",
        "attribute_handlers",
        "register_eval",
        "unpack_returned_tuples",
        "register_builtins",
        "overflow_handler",
        "max_memory",
        "string_hash_seed",
        "traceback_notes",
        "libs",
        "mode",
        "item_filter",
        "operators",
    ],
    positional: 10,
    required: 0,
    variadic: false,
};

/// `LuaRuntime(...)`; a subclass may have an `__init__` of its own.
pub(super) unsafe extern "C" fn new(
    class: *mut PyTypeObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, our type or one derived from it, a tuple, and a dict or null.
    unsafe {
        edge(|gil| {
            let values = SIGNATURE.parse(gil, Given::from_tuple(arguments, keywords))?.values;
            let object = types::allocate(gil, class)?;
            let state = state_of(gil, class)?;
            let settings = Settings::read(gil, &values)?;
            let runtime = Runtime::new(object.as_ptr(), settings.options, settings.memory, state.types, state.shared);
            let runtime: *mut Runtime = Box::into_raw(runtime);
            (*object.as_ptr().cast::<RuntimeObject>()).runtime = runtime;
            lifetime::open(gil, &*runtime, settings.registered, settings.seed)?;
            if settings.operators {
                install_operators(gil, &object, [values[2], values[3], values[13]])?;
            }
            finish(gil, &object, settings.limit, unless_none(values[7]))?;
            Ok(object)
        })
    }
}

/// `[-0, +0, -]` Lets objects of Python answer the operators of Lua, subject to the filters; that is written in Python.
///
/// # Safety
/// `object` is a runtime object with an open state, in which no script has run.
unsafe fn install_operators(gil: Gil<'_>, object: &Owned, filters: [Option<Borrowed<'_>>; 3]) -> Result<(), Raised> {
    // SAFETY: promised by the caller.
    let metatable = unsafe { Crossing::enter(gil, object.as_ptr().cast())?.metatable_of_boxes()? };
    let none = object::none();
    let [attributes, handlers, items] = filters.map(|filter| filter.unwrap_or(none.borrow()));
    let module = call::import(gil, c"lupa._operators")?;
    let install = call::attribute(gil, module.borrow(), c"install")?;
    call::call(gil, install.borrow(), &[object.borrow(), metatable.borrow(), attributes, handlers, items]).map(drop)
}

/// `[-0, +0, -]` What needs the open state: the overflow handler, and the limit, which does not count the state itself.
///
/// # Safety
/// `object` is a runtime object with an open state.
unsafe fn finish(gil: Gil<'_>, object: &Owned, limit: usize, handler: Option<Borrowed<'_>>) -> Result<(), Raised> {
    // SAFETY: promised by the caller.
    let crossing = unsafe { Crossing::enter(gil, object.as_ptr().cast())? };
    if let Some(handler) = handler {
        crossing.set_overflow_handler(handler)?;
    }
    if let Some(memory) = &crossing.runtime.memory {
        memory.set_base();
        memory.set_limit(limit, Scope::Own);
    }
    Ok(())
}

/// The arguments, checked and converted.
struct Settings {
    options: Options,
    registered: Registered,
    memory: Option<Box<Memory>>,
    limit: usize,
    seed: Option<u32>,
    operators: bool,
}

impl Settings {
    fn read(gil: Gil<'_>, values: &[Option<Borrowed<'_>>; 15]) -> Result<Settings, Raised> {
        let flag = |index: usize, default: bool| match values[index] {
            Some(value) => truth(gil, value),
            None => Ok(default),
        };
        let encoding = match values[0] {
            Some(name) => text::encoding(gil, name)?,
            None => Some(Encoding::Utf8),
        };
        let source_encoding = match values[1] {
            Some(name) => text::encoding(gil, name)?,
            None => None,
        };
        let source_encoding = source_encoding.or_else(|| encoding.clone()).unwrap_or(Encoding::Utf8);
        let attribute_filter = filter(gil, "attribute_filter", values[2])?;
        let item_filter = filter(gil, "item_filter", values[13])?;
        let (getter, setter) = handlers(gil, values[3])?;
        if getter.is_some() || setter.is_some() {
            let filters = [("attribute_filter", &attribute_filter), ("item_filter", &item_filter)];
            if let Some((name, _)) = filters.iter().find(|(_, filter)| filter.is_some()) {
                return Err(raise_value_error(gil, &format!("{name} and attribute_handlers are mutually exclusive")));
            }
        }
        let libraries = libraries::read(gil, values[11])?;
        let mode = libraries::mode(gil, values[12], libraries)?;
        let (memory_limit, seed) = (limit(gil, values[8])?, seed(gil, values[9])?);
        Ok(Settings {
            options: Options {
                encoding,
                source_encoding,
                attribute_filter,
                attribute_getter: getter,
                attribute_setter: setter,
                item_filter,
                mode,
                libraries,
                unpack_returned_tuples: flag(5, false)?,
                traceback_notes: flag(10, false)?,
                overflow_handler: OverflowHandler::None.into(),
            },
            registered: Registered { eval: flag(4, true)?, builtins: flag(6, true)? },
            memory: (memory_limit.is_some() || seed.is_some()).then(|| Memory::new(None)),
            limit: memory_limit.unwrap_or(0),
            seed,
            operators: flag(14, false)?,
        })
    }
}

/// The callable of `attribute_filter` or `item_filter`.
fn filter(gil: Gil<'_>, name: &str, argument: Option<Borrowed<'_>>) -> Result<Option<Owned>, Raised> {
    match unless_none(argument) {
        Some(filter) if !is_callable(gil, filter) => Err(raise_value_error(gil, &format!("{name} must be callable"))),
        filter => Ok(filter.map(Borrowed::hold)),
    }
}

/// Getter and setter of `attribute_handlers`.
type Handlers = (Option<Owned>, Option<Owned>);

/// The pair of `attribute_handlers`: anything that yields two items, each callable or `None`; false for none.
fn handlers(gil: Gil<'_>, argument: Option<Borrowed<'_>>) -> Result<Handlers, Raised> {
    let Some(argument) = argument else { return Ok((None, None)) };
    if !truth(gil, argument)? {
        return Ok((None, None));
    }
    let message = "attribute_handlers must be a sequence of two callables";
    // SAFETY: the GIL is held, the argument alive.
    let items = unsafe { Owned::from_new(PySequence_Tuple(argument.as_ptr())) };
    let items = items.map_err(|raised| {
        // SAFETY: a builtin exception class lives as long as the interpreter.
        let wrong =
            unsafe { error::matches(gil, &raised, PyExc_TypeError) || error::matches(gil, &raised, PyExc_ValueError) };
        if wrong { raise_value_error(gil, message) } else { raised }
    })?;
    // SAFETY: `items` is a tuple, and keeps its items alive.
    unsafe {
        if PyTuple_GET_SIZE(items.as_ptr()) != 2 {
            return Err(raise_value_error(gil, message));
        }
        let handler = |position| {
            let handler = Borrowed::from_ptr(PyTuple_GET_ITEM(items.as_ptr(), position));
            match unless_none(Some(handler)) {
                Some(handler) if !is_callable(gil, handler) => Err(raise_value_error(gil, message)),
                handler => Ok(handler.map(Borrowed::hold)),
            }
        };
        Ok((handler(0)?, handler(1)?))
    }
}

/// A size in bytes: nothing for `None`, and 0 (no limit) for what is not positive.
pub(super) fn limit(_gil: Gil<'_>, argument: Option<Borrowed<'_>>) -> Result<Option<usize>, Raised> {
    let Some(argument) = args::unless_none(argument) else { return Ok(None) };
    // SAFETY: the GIL is held, the argument alive.
    unsafe {
        let zero = Owned::from_new(PyLong_FromLong(0))?;
        let index = integer(argument)?;
        match PyObject_RichCompareBool(index.as_ptr(), zero.as_ptr(), Py_GT) {
            -1 => Err(Raised::already()),
            0 => Ok(Some(0)),
            _ => match PyLong_AsSize_t(index.as_ptr()) {
                usize::MAX if !PyErr_Occurred().is_null() => Err(Raised::already()),
                size => Ok(Some(size)),
            },
        }
    }
}

/// An int; floats are truncated, as lupa does.
///
/// # Safety
/// The GIL is held.
unsafe fn integer(argument: Borrowed<'_>) -> Result<Owned, Raised> {
    // SAFETY: promised by the caller; the argument is alive.
    unsafe {
        if PyFloat_Check(argument.as_ptr()) != 0 {
            return Owned::from_new(PyNumber_Long(argument.as_ptr()));
        }
        Owned::from_new(PyNumber_Index(argument.as_ptr()))
    }
}

/// An unsigned int, or nothing.
fn seed(gil: Gil<'_>, argument: Option<Borrowed<'_>>) -> Result<Option<u32>, Raised> {
    let Some(argument) = args::unless_none(argument) else { return Ok(None) };
    // SAFETY: the GIL is held, the argument alive.
    unsafe {
        let index = integer(argument)?;
        let value = PyLong_AsUnsignedLongLong(index.as_ptr());
        if value == u64::MAX && !PyErr_Occurred().is_null() {
            return Err(Raised::already());
        }
        u32::try_from(value)
            .map(Some)
            .map_err(|_| error::raise_overflow_error(gil, "value too large to convert to unsigned int"))
    }
}
