//! `LuaRuntime`: its methods, and its life as a Python object.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;

use crate::ffi::python::*;

use crate::bridge::crossing::{Crossing, Locked};
use crate::bridge::errors;
use crate::bridge::lifetime;
use crate::bridge::operation::{Body, Operation};
use crate::bridge::runtime::RuntimeObject;
use crate::bridge::table_builder::{Depth, table_from as build_table};
use crate::ffi::lua as ffi;
use crate::py::args::{Given, Signature, truth, unless_none};
use crate::py::error::raise_type_error;
use crate::py::types::{self, TypeSpec, getter, method, offset, short_method, slot, vector_method};
use crate::py::{Borrowed, Gil, Owned, Raised, args, edge, object, text};

use super::{runtime_docs as docs, runtime_memory as memory, runtime_new};

pub(super) fn spec(name: &'static CStr) -> TypeSpec {
    TypeSpec {
        name,
        doc: Some(docs::RUNTIME),
        size: size_of::<RuntimeObject>(),
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE) as u64,
        slots: vec![
            slot(Py_tp_new, runtime_new::new as *mut c_void),
            slot(Py_tp_dealloc, dealloc as *mut c_void),
            slot(Py_tp_traverse, traverse as *mut c_void),
            slot(Py_tp_finalize, finalize as *mut c_void),
            slot(Py_tp_clear, clear as *mut c_void),
        ],
        methods: methods(),
        members: vec![offset(c"__weaklistoffset__", std::mem::offset_of!(RuntimeObject, weakrefs))],
        getters: vec![
            getter(c"lua_version", lua_version, docs::LUA_VERSION),
            getter(c"lua_implementation", lua_implementation, docs::LUA_IMPLEMENTATION),
        ],
    }
}

fn methods() -> Vec<PyMethodDef> {
    vec![
        vector_method(c"eval", eval, docs::EVAL),
        vector_method(c"execute", execute, docs::EXECUTE),
        vector_method(c"compile", compile, docs::COMPILE),
        vector_method(c"require", require, docs::REQUIRE),
        short_method(c"globals", METH_NOARGS, globals, docs::GLOBALS),
        method(c"table", table, docs::TABLE),
        vector_method(c"table_from", table_from, docs::TABLE_FROM),
        short_method(c"nogc", METH_NOARGS, memory::new_nogc, docs::NOGC),
        short_method(c"gccollect", METH_NOARGS, memory::gccollect, docs::GCCOLLECT),
        method(c"set_max_memory", memory::set_max_memory, docs::SET_MAX_MEMORY),
        method(c"get_max_memory", memory::get_max_memory, docs::GET_MAX_MEMORY),
        method(c"get_memory_used", memory::get_memory_used, docs::GET_MEMORY_USED),
        method(c"set_overflow_handler", set_overflow_handler, docs::SET_OVERFLOW_HANDLER),
        #[cfg(feature = "checked")]
        short_method(c"_census", METH_NOARGS, super::checked::census, super::checked::CENSUS),
        #[cfg(feature = "checked")]
        short_method(c"_stays", METH_NOARGS, super::checked::stays, super::checked::STAYS),
        #[cfg(feature = "checked")]
        short_method(c"_unbalance", METH_O, super::checked::unbalance, super::checked::UNBALANCE),
    ]
}

/// Locks the runtime.
///
/// # Safety
/// `slf` is a runtime object.
pub(super) unsafe fn enter<'a>(gil: Gil<'a>, slf: *mut PyObject) -> Result<Crossing<'a>, Raised> {
    // SAFETY: promised by the caller.
    unsafe { Crossing::enter(gil, slf.cast()) }
}

// ---- life ----

/// Closes the state while everything that its finalizers may want is still there: the collector calls this before it clears
/// any object of a cycle.
unsafe extern "C" fn finalize(slf: *mut PyObject) {
    let (mut class, mut value, mut traceback) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: called by Python with the GIL held and a runtime that nobody uses any more. Finalizers of Lua may raise: what
    // the caller has raised is kept apart.
    unsafe {
        PyErr_Fetch(&raw mut class, &raw mut value, &raw mut traceback);
        clear(slf);
        PyErr_Restore(class, value, traceback);
    }
}

/// Closes the state, if that has not happened yet.
unsafe extern "C" fn clear(slf: *mut PyObject) -> c_int {
    // SAFETY: called by the collector with the GIL held and a runtime that nobody else can reach.
    unsafe {
        edge(|gil| {
            if let Some(runtime) = (*slf.cast::<RuntimeObject>()).runtime.as_ref() {
                lifetime::close(gil, runtime);
            }
            Ok(())
        })
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    let fields: *mut RuntimeObject = slf.cast();
    // SAFETY: called by Python for a runtime with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        if !(*fields).weakrefs.is_null() {
            PyObject_ClearWeakRefs(slf);
        }
        finalize(slf);
        let runtime = ptr::replace(&raw mut (*fields).runtime, ptr::null_mut());
        if !runtime.is_null() {
            drop(Box::from_raw(runtime));
        }
        types::free(slf);
    }
}

/// Visits what the runtime holds: its options, and the objects that Lua holds.
unsafe extern "C" fn traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector, with the GIL held, hence while the lists do not change.
    unsafe {
        let result = visit(Py_TYPE(slf).cast(), arg);
        let Some(runtime) = (*slf.cast::<RuntimeObject>()).runtime.as_ref() else { return result };
        if result != 0 {
            return result;
        }
        let result = runtime.options.visit(|object| visit(object.as_ptr(), arg));
        if result != 0 {
            return result;
        }
        let result = runtime.visit_spare_wrappers(|class| visit(class, arg));
        if result != 0 { result } else { runtime.boxes.visit(|object| visit(object.cast(), arg)) }
    }
}

// ---- code ----

/// A chunk with its name and mode, as C reads them.
struct Chunk {
    code: Source,
    name: Cow<'static, CStr>,
    mode: Option<CString>,
}

/// The text of a chunk: as Python has it, or put together.
enum Source {
    Given(text::Encoded),
    Made(Vec<u8>),
}

impl Chunk {
    fn read(
        locked: &Locked<'_>,
        prefix: &[u8],
        code: Option<Borrowed<'_>>,
        name: Option<Borrowed<'_>>,
        mode: Option<Borrowed<'_>>,
    ) -> Result<Chunk, Raised> {
        let encoding = &locked.runtime.options.source_encoding;
        let code = text::source_bytes(locked.gil, code.unwrap_or_else(none), encoding)?;
        let code =
            if prefix.is_empty() { Source::Given(code) } else { Source::Made([prefix, code.as_bytes()].concat()) };
        let name = match unless_none(name) {
            Some(name) => text::until_nul(text::source_bytes(locked.gil, name, encoding)?.as_bytes().to_vec()).into(),
            None => c"<python>".into(),
        };
        let mode = text::ascii_name(locked.gil, mode.unwrap_or_else(none))?.map(text::until_nul);
        let mode = match &locked.runtime.options.mode {
            // lupa gives the mode to Lua 5.1 and LuaJIT in vain.
            None => mode.filter(|_| ffi::LUPA_HEEDS_MODES != 0),
            default => mode.or_else(|| default.clone()),
        };
        Ok(Chunk { code, name, mode })
    }

    fn operation(&self, locked: &Locked<'_>) -> Operation {
        let mut operation = Operation::new(locked.runtime);
        let code = match &self.code {
            Source::Given(text) => text.as_bytes(),
            Source::Made(text) => text,
        };
        operation.set_chunk(code, &self.name, self.mode.as_deref());
        operation
    }
}

fn none<'a>() -> Borrowed<'a> {
    // SAFETY: None is immortal.
    unsafe { Borrowed::from_ptr(Py_None()) }
}

/// Runs a chunk with arguments.
///
/// # Safety
/// Called by Python with the GIL held and a runtime.
unsafe fn run(slf: *mut PyObject, function: &'static str, prefix: &[u8], given: Given<'_>) -> *mut PyObject {
    let signature =
        Signature { function, names: ["lua_code", "name", "mode"], positional: 1, required: 1, variadic: true };
    // SAFETY: promised by the caller.
    unsafe {
        edge(|gil| {
            let parsed = signature.parse(gil, given)?;
            let [code, name, mode] = parsed.values;
            let crossing = enter(gil, slf)?;
            let chunk = Chunk::read(&crossing, prefix, code, name, mode)?;
            let mut operation = chunk.operation(&crossing);
            for &argument in parsed.rest {
                crossing.marshal(&mut operation.slots, argument)?;
            }
            let results = crossing.perform(Body::Run, &mut operation)?;
            match operation.for_c.status {
                status if status == ffi::LUA_OK as c_int => crossing.unmarshal_results(&results),
                status => Err(errors::raise_syntax_error(&crossing, results.index(0), status, "error loading code: ")),
            }
        })
    }
}

unsafe extern "C" fn eval(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe { run(slf, "eval", b"return ", Given::from_vector(arguments, count, names)) }
}

unsafe extern "C" fn execute(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe { run(slf, "execute", b"", Given::from_vector(arguments, count, names)) }
}

const COMPILE: Signature<3> =
    Signature { function: "compile", names: ["lua_code", "name", "mode"], positional: 3, required: 1, variadic: false };

unsafe extern "C" fn compile(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let [code, name, mode] = COMPILE.parse(gil, Given::from_vector(arguments, count, names))?.values;
            let crossing = enter(gil, slf)?;
            let chunk = Chunk::read(&crossing, b"", code, name, mode)?;
            let mut operation = chunk.operation(&crossing);
            let results = crossing.perform(Body::Load, &mut operation)?;
            match operation.for_c.status {
                status if status == ffi::LUA_OK as c_int => crossing.unmarshal(results.index(0)),
                status => Err(errors::raise_syntax_error(&crossing, results.index(0), status, "")),
            }
        })
    }
}

const REQUIRE: Signature<1> =
    Signature { function: "require", names: ["modulename"], positional: 1, required: 1, variadic: false };

unsafe extern "C" fn require(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let [name] = REQUIRE.parse(gil, Given::from_vector(arguments, count, names))?.values;
            let name = name.unwrap_or_else(none);
            let bytes = text::bytes_like(gil, name)?;
            if PyUnicode_Check(name.as_ptr()) == 0 && bytes.is_none() {
                return Err(raise_type_error(gil, "modulename must be a string"));
            }
            let crossing = enter(gil, slf)?;
            let mut operation = Operation::new(crossing.runtime);
            crossing.marshal(&mut operation.slots, bytes.as_ref().map_or(name, Owned::borrow))?;
            let results = crossing.perform(Body::Require, &mut operation)?;
            crossing.unmarshal_results(&results)
        })
    }
}

unsafe extern "C" fn globals(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a runtime.
    unsafe { edge(|gil| enter(gil, slf)?.unmarshal_globals()) }
}

// ---- tables ----

unsafe extern "C" fn table(slf: *mut PyObject, arguments: *mut PyObject, keywords: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a runtime, a tuple, and a dict or null.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            let arguments = Borrowed::from_ptr(arguments);
            match keywords.as_mut() {
                Some(keywords) => build_table(&crossing, &[arguments, Borrowed::from_ptr(keywords)], Depth::Flat),
                None => build_table(&crossing, &[arguments], Depth::Flat),
            }
        })
    }
}

const TABLE_FROM: Signature<1> =
    Signature { function: "table_from", names: ["recursive"], positional: 0, required: 0, variadic: true };

unsafe extern "C" fn table_from(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let parsed = TABLE_FROM.parse(gil, Given::from_vector(arguments, count, names))?;
            let recursive = parsed.values[0].map_or(Ok(false), |value| truth(gil, value))?;
            let crossing = enter(gil, slf)?;
            build_table(&crossing, parsed.rest, if recursive { Depth::Recursive } else { Depth::Flat })
        })
    }
}

// ---- overflow ----

const SET_OVERFLOW_HANDLER: Signature<1> = Signature {
    function: "set_overflow_handler",
    names: ["overflow_handler"],
    positional: 1,
    required: 1,
    variadic: false,
};

unsafe extern "C" fn set_overflow_handler(
    slf: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and the arguments of a method.
    unsafe {
        edge(|gil| {
            let [handler] = SET_OVERFLOW_HANDLER.parse(gil, Given::from_tuple(arguments, keywords))?.values;
            let crossing = enter(gil, slf)?;
            crossing.set_overflow_handler(handler.unwrap_or_else(none))?;
            Ok(object::none())
        })
    }
}

// ---- identity ----

/// `(5, 4)` for Lua 5.4, from the headers.
pub(super) fn version_tuple(gil: Gil<'_>) -> Result<Owned, Raised> {
    let version = ffi::LUPA_VERSION_NUM as std::ffi::c_long;
    // SAFETY: the GIL is held.
    let number = |value| unsafe { Owned::from_new(PyLong_FromLong(value)) };
    args::tuple(gil, [number(version / 100)?, number(version % 100)?])
}

unsafe extern "C" fn lua_version(_slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held.
    unsafe { edge(version_tuple) }
}

unsafe extern "C" fn lua_implementation(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a runtime; the text is a constant.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            let text = CStr::from_ptr(ffi::lupa_implementation(crossing.state().as_ptr()));
            crossing.unmarshal_string(text.to_bytes())
        })
    }
}
