//! The module `lupa._core`: exceptions, protocol wrappers, helper functions, and the capsule for the runtime modules.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr;

use crate::ffi::python::*;

use super::{Arguments, CAPSULE, Flavour, Names, ProtocolWrapper, Shared, waits, watch};
use crate::py::args::{Given, Signature};
use crate::py::definition::Definition;
use crate::py::error::{check, raise_type_error};
use crate::py::types::{self, TypeSpec, method, short_method, slot};
use crate::py::{Borrowed, Gil, Owned, Raised, args, call, edge, object, text};

/// The state of the module. It is never freed: capsules and wrappers point into it. C layout: `shared` comes first.
#[repr(C)]
struct State {
    shared: Shared,
    flavours: UnsafeCell<Vec<Flavour>>,
}

static DEFINITION: Definition =
    Definition::new(c"lupa._core", c"What all runtime modules of lupa share: exceptions and helper functions.");

/// Called by Python to import the module.
///
/// # Safety
/// The GIL is held.
#[unsafe(export_name = "PyInit__core")]
pub unsafe extern "C" fn init() -> *mut PyObject {
    // SAFETY: promised by the caller.
    unsafe { DEFINITION.init(functions, execute) }
}

/// Fills a new module.
unsafe extern "C" fn execute(module: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and a new module of ours.
    unsafe { edge(|gil| fill(gil, Borrowed::from_ptr(module))) }
}

fn fill(gil: Gil<'_>, module: Borrowed<'_>) -> Result<(), Raised> {
    let lua_error = exception(gil, c"lupa.LuaError", LUA_ERROR_DOC, &[])?;
    let lua_syntax_error = exception(gil, c"lupa.LuaSyntaxError", LUA_SYNTAX_ERROR_DOC, &[lua_error.borrow()])?;
    // SAFETY: a builtin exception class lives as long as the interpreter.
    let memory_error = unsafe { Borrowed::from_ptr(PyExc_MemoryError) };
    let bases = [lua_error.borrow(), memory_error];
    let lua_memory_error = exception(gil, c"lupa.LuaMemoryError", LUA_MEMORY_ERROR_DOC, &bases)?;
    let protocol_wrapper = protocol_wrapper_type(gil, module)?;
    let arguments = arguments_type(gil, module)?;
    for (name, value) in [
        (c"LuaError", &lua_error),
        (c"LuaSyntaxError", &lua_syntax_error),
        (c"LuaMemoryError", &lua_memory_error),
        (c"_PyProtocolWrapper", &protocol_wrapper),
        (c"_PyArguments", &arguments),
    ] {
        add(gil, module, name, value)?;
    }
    let state = Box::leak(Box::new(State {
        shared: Shared {
            size: size_of::<Shared>(),
            lua_error: lua_error.into_ptr(),
            lua_syntax_error: lua_syntax_error.into_ptr(),
            lua_memory_error: lua_memory_error.into_ptr(),
            protocol_wrapper: protocol_wrapper.into_ptr().cast(),
            arguments: arguments.into_ptr().cast(),
            names: names(gil)?,
            module: module.as_ptr(),
            register,
            wait: waits::wait,
            wake: waits::wake,
            process: waits::process(),
            survived: waits::survived,
            period: watch::number(),
            ask: watch::ask,
            settle: watch::settle,
            note_wait: watch::note_wait,
            forget: watch::forget,
            switch_interval: watch::switch_interval(gil),
        },
        flavours: UnsafeCell::new(Vec::new()),
    }));
    // SAFETY: the module is ours; its state has room for the pointer.
    unsafe {
        *PyModule_GetState(module.as_ptr()).cast::<*mut State>() = state;
        let content = (&raw mut state.shared).cast();
        let capsule = Owned::from_new(PyCapsule_New(content, CAPSULE.as_ptr(), None))?;
        add(gil, module, c"_shared", &capsule)
    }
}

/// The references belong to the module for ever.
fn names(_gil: Gil<'_>) -> Result<Names, Raised> {
    let interned = |name: &CStr| {
        // SAFETY: the GIL is held; the name is a C string.
        unsafe { Owned::from_new(PyUnicode_InternFromString(name.as_ptr())) }.map(Owned::into_ptr)
    };
    Ok(Names {
        value: interned(c"value")?,
        traceback: interned(c"traceback")?,
        lua_traceback: interned(c"lua_traceback")?,
        notes: interned(c"__notes__")?,
    })
}

fn add(_gil: Gil<'_>, module: Borrowed<'_>, name: &CStr, value: &Owned) -> Result<(), Raised> {
    // SAFETY: the GIL is held, all are alive.
    check(unsafe { PyObject_SetAttrString(module.as_ptr(), name.as_ptr(), value.as_ptr()) })
}

const LUA_ERROR_DOC: &CStr = c"An error that Lua code raised.

The message is the text of the error, with the Lua traceback (innermost call last) if Lua could make one.

Attributes:
    value: the Lua error object as a Python value (any type), or None.
    traceback (str | None): the Lua traceback alone.";

const LUA_SYNTAX_ERROR_DOC: &CStr = c"A chunk of Lua code that does not compile.";

const LUA_MEMORY_ERROR_DOC: &CStr = c"Lua ran out of memory, or reached the limit that max_memory sets.";

/// An exception class. Its attributes are there from the beginning, so that all errors can be treated alike.
fn exception(gil: Gil<'_>, name: &CStr, doc: &CStr, bases: &[Borrowed<'_>]) -> Result<Owned, Raised> {
    let bases = args::tuple(gil, bases.iter().map(|base| base.hold()))?;
    // SAFETY: the GIL is held; names and documentation are constants.
    unsafe {
        let attributes = Owned::from_new(PyDict_New())?;
        for attribute in [c"value", c"traceback"] {
            check(PyDict_SetItemString(attributes.as_ptr(), attribute.as_ptr(), object::none().as_ptr()))?;
        }
        let parents = if PyTuple_GET_SIZE(bases.as_ptr()) == 0 { ptr::null_mut() } else { bases.as_ptr() };
        Owned::from_new(PyErr_NewExceptionWithDoc(name.as_ptr(), doc.as_ptr(), parents, attributes.as_ptr()))
    }
}

// ---- types ----

fn protocol_wrapper_type(gil: Gil<'_>, module: Borrowed<'_>) -> Result<Owned, Raised> {
    let spec = TypeSpec {
        name: c"lupa._core._PyProtocolWrapper",
        doc: Some(c"An object with the protocol (attributes or items) that Lua code uses to index it."),
        size: size_of::<ProtocolWrapper>(),
        flags: Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
        slots: vec![
            slot(Py_tp_new, refuse_new as *mut c_void),
            slot(Py_tp_dealloc, protocol_wrapper_dealloc as *mut c_void),
            slot(Py_tp_traverse, protocol_wrapper_traverse as *mut c_void),
            slot(Py_tp_clear, protocol_wrapper_clear as *mut c_void),
        ],
        methods: Vec::new(),
        members: Vec::new(),
        getters: Vec::new(),
    };
    types::create(gil, module.as_ptr(), spec, ptr::null_mut())
}

fn arguments_type(gil: Gil<'_>, module: Borrowed<'_>) -> Result<Owned, Raised> {
    let spec = TypeSpec {
        name: c"lupa._core._PyArguments",
        doc: Some(c"Positional and named arguments that Lua code collected with python.args."),
        size: size_of::<Arguments>(),
        flags: Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
        slots: vec![
            slot(Py_tp_new, refuse_new as *mut c_void),
            slot(Py_tp_dealloc, arguments_dealloc as *mut c_void),
            slot(Py_tp_traverse, arguments_traverse as *mut c_void),
            slot(Py_tp_clear, arguments_clear as *mut c_void),
        ],
        methods: Vec::new(),
        members: Vec::new(),
        getters: Vec::new(),
    };
    types::create(gil, module.as_ptr(), spec, ptr::null_mut())
}

unsafe extern "C" fn refuse_new(
    _class: *mut PyTypeObject,
    _args: *mut PyObject,
    _keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held.
    unsafe { edge::<Owned>(|gil| Err(raise_type_error(gil, "Type cannot be instantiated from Python"))) }
}

unsafe extern "C" fn protocol_wrapper_traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector with an instance of the type.
    unsafe { visit_all(slf, &[(*slf.cast::<ProtocolWrapper>()).object], visit, arg) }
}

unsafe extern "C" fn protocol_wrapper_clear(slf: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and an instance of the type; the field is emptied before the release.
    unsafe {
        drop(Owned::from_optional(ptr::replace(&raw mut (*slf.cast::<ProtocolWrapper>()).object, ptr::null_mut())))
    };
    0
}

unsafe extern "C" fn protocol_wrapper_dealloc(slf: *mut PyObject) {
    // SAFETY: called by Python for an instance with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        protocol_wrapper_clear(slf);
        types::free(slf);
    }
}

unsafe extern "C" fn arguments_traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector with an instance of the type.
    unsafe {
        let arguments: *mut Arguments = slf.cast();
        visit_all(slf, &[(*arguments).positional, (*arguments).named], visit, arg)
    }
}

unsafe extern "C" fn arguments_clear(slf: *mut PyObject) -> c_int {
    let arguments: *mut Arguments = slf.cast();
    // SAFETY: called by Python with the GIL held and an instance of the type; fields are emptied before the release.
    unsafe {
        drop(Owned::from_optional(ptr::replace(&raw mut (*arguments).positional, ptr::null_mut())));
        drop(Owned::from_optional(ptr::replace(&raw mut (*arguments).named, ptr::null_mut())));
    }
    0
}

unsafe extern "C" fn arguments_dealloc(slf: *mut PyObject) {
    // SAFETY: called by Python for an instance with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        arguments_clear(slf);
        types::free(slf);
    }
}

/// Visits the type (each instance of a heap type holds it) and the fields.
///
/// # Safety
/// `slf` is alive, the fields are objects or null, `visit` and `arg` come from the collector.
unsafe fn visit_all(slf: *mut PyObject, fields: &[*mut PyObject], visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: promised by the caller.
    unsafe {
        for &field in [Py_TYPE(slf).cast()].iter().chain(fields) {
            if !field.is_null() {
                let result = visit(field, arg);
                if result != 0 {
                    return result;
                }
            }
        }
    }
    0
}

// ---- functions ----

fn functions() -> Vec<PyMethodDef> {
    vec![
        method(c"lua_type", lua_type, LUA_TYPE_DOC),
        method(c"as_attrgetter", as_attrgetter, AS_ATTRGETTER_DOC),
        method(c"as_itemgetter", as_itemgetter, AS_ITEMGETTER_DOC),
        short_method(c"unpack_arguments", METH_O, unpack_arguments, UNPACK_ARGUMENTS_DOC),
    ]
}

const LUA_TYPE_DOC: &CStr = c"lua_type(obj)
--

The type of a Lua object as Lua's type() names it.

Returns 'table', 'function', 'thread', 'userdata', or 'cdata' (an object of LuaJIT's FFI) for the Lua objects of every
runtime module, and None for everything else.

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> lupa.lua_type(lua.table())
'table'
>>> lupa.lua_type(lua.eval('print'))
'function'
>>> lupa.lua_type('text') is None
True";

const AS_ATTRGETTER_DOC: &CStr = c"as_attrgetter(obj)
--

Make Lua code see the attributes of an object, also if the object has items.

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> f = lua.eval('function(obj) return obj.get end')
>>> f(lupa.as_attrgetter({'get': 1}))('get')
1";

const AS_ITEMGETTER_DOC: &CStr = c"as_itemgetter(obj)
--

Make Lua code see the items of an object (obj[key]), which is the default for objects with a __getitem__ method.

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> f = lua.eval('function(obj) return obj.get end')
>>> f(lupa.as_itemgetter({'get': 1}))
1";

const UNPACK_ARGUMENTS_DOC: &CStr = c"unpack_arguments(args, /)
--

Split the arguments of a call from Lua into positional and named ones: (tuple, dict).

A single Lua table is unpacked: its entries 1 to #t are positional (None where one is missing), string keys are names.
Raises IndexError for any other integer key and TypeError for keys that are neither. Other arguments stay as they are.";

/// The state of a module function.
fn state(module: *mut PyObject) -> &'static State {
    // SAFETY: Python passes the module that the function belongs to; its state is set and never freed.
    unsafe { &**PyModule_GetState(module).cast::<*mut State>() }
}

/// The runtime module that an object comes from.
fn flavour_of(state: &State, object: Borrowed<'_>) -> Option<Flavour> {
    // SAFETY: the list is only touched with the GIL held, and nothing runs meanwhile.
    let flavours = unsafe { &*state.flavours.get() };
    flavours.iter().find(|flavour| call::has_type(object, flavour.object)).copied()
}

/// See [`Shared::register`].
unsafe extern "C" fn register(shared: *const Shared, flavour: *const Flavour) {
    // SAFETY: `shared` is the first field of a state that is never freed; the GIL is held.
    unsafe { (*(*shared.cast::<State>()).flavours.get()).push(*flavour) }
}

/// The one argument of a function, which may be given by name.
///
/// # Safety
/// `arguments` is a tuple and `keywords` a dict or null, both alive for `'a`.
unsafe fn only_argument<'a>(
    gil: Gil<'_>,
    function: &'static str,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> Result<Borrowed<'a>, Raised> {
    let signature = Signature { function, names: ["obj"], positional: 1, required: 1, variadic: false };
    // SAFETY: promised by the caller; None is immortal.
    unsafe {
        Ok(signature.parse(gil, Given::from_tuple(arguments, keywords))?.values[0]
            .unwrap_or_else(|| Borrowed::from_ptr(Py_None())))
    }
}

unsafe extern "C" fn lua_type(
    module: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and live objects.
    unsafe {
        edge(|gil| {
            let object = only_argument(gil, "lua_type", arguments, keywords)?;
            match flavour_of(state(module), object) {
                Some(flavour) => Owned::from_new((flavour.lua_type)(object.as_ptr())),
                None => Ok(object::none()),
            }
        })
    }
}

unsafe extern "C" fn as_attrgetter(
    module: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and live objects.
    unsafe { edge(|gil| wrap(gil, state(module), only_argument(gil, "as_attrgetter", arguments, keywords)?, 0)) }
}

unsafe extern "C" fn as_itemgetter(
    module: *mut PyObject,
    arguments: *mut PyObject,
    keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and live objects.
    unsafe { edge(|gil| wrap(gil, state(module), only_argument(gil, "as_itemgetter", arguments, keywords)?, 1)) }
}

fn wrap(gil: Gil<'_>, state: &State, object: Borrowed<'_>, protocol: c_uint) -> Result<Owned, Raised> {
    // SAFETY: the type is a heap type of ours with this layout.
    unsafe {
        let wrapper = types::allocate(gil, state.shared.protocol_wrapper)?;
        let fields: *mut ProtocolWrapper = wrapper.as_ptr().cast();
        (*fields).object = object.hold().into_ptr();
        (*fields).protocol = protocol;
        Ok(wrapper)
    }
}

unsafe extern "C" fn unpack_arguments(module: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and live objects.
    unsafe { edge(|gil| unpack(gil, state(module), Borrowed::from_ptr(arguments))) }
}

fn unpack(gil: Gil<'_>, state: &State, arguments: Borrowed<'_>) -> Result<Owned, Raised> {
    // SAFETY: the GIL is held; the tuple keeps its items alive; the results of `unpack_table` are new references.
    unsafe {
        if PyTuple_Check(arguments.as_ptr()) == 0 {
            return Err(raise_type_error(gil, &format!("expected a tuple, got {}", text::type_name(arguments))));
        }
        if PyTuple_GET_SIZE(arguments.as_ptr()) == 1 {
            let only = Borrowed::from_ptr(PyTuple_GET_ITEM(arguments.as_ptr(), 0));
            if let Some(flavour) = flavour_of(state, only)
                && only.type_ptr() == flavour.table
            {
                let (mut positional, mut named) = (ptr::null_mut(), ptr::null_mut());
                check((flavour.unpack_table)(only.as_ptr(), &raw mut positional, &raw mut named))?;
                return args::tuple(gil, [Owned::from_new(positional)?, Owned::from_new(named)?]);
            }
        }
        args::tuple(gil, [arguments.hold(), Owned::from_new(PyDict_New())?])
    }
}
