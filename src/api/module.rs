//! The runtime module: its types, constants, and what it takes from `lupa._core`.

use std::ffi::{CStr, CString, c_int};
use std::ptr;

use crate::ffi::python::*;

use crate::bridge::wrapper::WrapperTypes;
use crate::ffi::lua as ffi;
use crate::py::definition::Definition;
use crate::py::error::{check, raise_type_error};
use crate::py::types::{self, TypeSpec};
use crate::py::{Borrowed, Gil, Owned, Raised, call, edge};
use crate::shared::{self, Flavour, Shared};

use super::{coroutine, function, iterator, nogc, object, runtime, table};

/// What the module keeps: the types, and what it shares with the others.
pub(super) struct State {
    pub(super) types: WrapperTypes,
    pub(super) shared: &'static Shared,
}

static DEFINITION: Definition =
    Definition::new(NAME, c"Lua runtimes for Python: the classes and functions of lupa for one version of Lua.");

/// The full name of the module, with the NUL that C wants.
const NAME: &CStr = match CStr::from_bytes_with_nul(concat!("lupa.", env!("LUPA_FLAVOUR"), "\0").as_bytes()) {
    Ok(name) => name,
    Err(_) => c"lupa",
};

/// Called by Python to import the module.
///
/// # Safety
/// The GIL is held.
#[cfg_attr(feature = "lua51", unsafe(export_name = "PyInit_lua51"))]
#[cfg_attr(feature = "lua52", unsafe(export_name = "PyInit_lua52"))]
#[cfg_attr(feature = "lua53", unsafe(export_name = "PyInit_lua53"))]
#[cfg_attr(feature = "lua54", unsafe(export_name = "PyInit_lua54"))]
#[cfg_attr(feature = "lua55", unsafe(export_name = "PyInit_lua55"))]
#[cfg_attr(feature = "luajit20", unsafe(export_name = "PyInit_luajit20"))]
#[cfg_attr(feature = "luajit21", unsafe(export_name = "PyInit_luajit21"))]
pub unsafe extern "C" fn init() -> *mut PyObject {
    // SAFETY: promised by the caller.
    unsafe { DEFINITION.init(Vec::new, execute) }
}

/// Fills a new module.
unsafe extern "C" fn execute(module: *mut PyObject) -> c_int {
    // SAFETY: called by Python with the GIL held and a new module of ours.
    unsafe { edge(|gil| fill(gil, Borrowed::from_ptr(module))) }
}

fn fill(gil: Gil<'_>, module: Borrowed<'_>) -> Result<(), Raised> {
    let shared = shared::import(gil)?;
    let types = create_types(gil, module)?;
    let state = Box::into_raw(Box::new(State { types, shared }));
    // The state is never freed: wrappers of the module may outlive it.
    // SAFETY: the module is ours; its state has room for the pointer; the types live as long as the state.
    unsafe {
        *PyModule_GetState(module.as_ptr()).cast::<*mut State>() = state;
        let flavour = Flavour {
            object: types.object,
            table: types.table,
            lua_type: object::lua_type,
            unpack_table: table::unpack_table,
        };
        (shared.register)(shared, &raw const flavour);
    }
    let runtime = create(gil, module, "LuaRuntime", runtime::spec, ptr::null_mut())?;
    add(gil, module, "LuaRuntime", &runtime)?;
    add_constants(gil, module)?;
    offer_public_types(gil, module, &types)?;
    #[cfg(feature = "checked")]
    super::checked::add_functions(gil, module)?;
    take_over(gil, module)
}

/// Makes a type with its full name.
fn create(
    gil: Gil<'_>,
    module: Borrowed<'_>,
    name: &str,
    spec: fn(&'static CStr) -> TypeSpec,
    base: *mut PyTypeObject,
) -> Result<Owned, Raised> {
    let name = CString::new(format!("{}.{name}", NAME.to_string_lossy())).unwrap_or_default();
    // Python keeps the name on some versions.
    types::create(gil, module.as_ptr(), spec(Box::leak(name.into_boxed_c_str())), base)
}

fn create_types(gil: Gil<'_>, module: Borrowed<'_>) -> Result<WrapperTypes, Raised> {
    let object = create(gil, module, "_LuaObject", object::spec, ptr::null_mut())?.into_ptr().cast();
    let new = |name, spec, base| Ok(create(gil, module, name, spec, base)?.into_ptr().cast());
    let function = new("_LuaFunction", function::spec, object)?;
    // `collections.abc` is another name for it, behind the whole of `collections`, which takes longer than all that is done here.
    let abstract_classes = call::import(gil, c"_collections_abc")?;
    let class = |name| call::attribute(gil, abstract_classes.borrow(), name).map(Owned::into_ptr);
    Ok(WrapperTypes {
        object,
        table: new("_LuaTable", table::spec, object)?,
        function,
        coroutine_function: new("_LuaCoroutineFunction", function::coroutine_function_spec, function)?,
        thread: new("_LuaThread", coroutine::spec, object)?,
        iterator: new("_LuaIter", iterator::spec, ptr::null_mut())?,
        nogc: new("_LuaNoGC", nogc::spec, ptr::null_mut())?,
        // SAFETY: the GIL is held; the name lives as long as the types.
        getitem: unsafe { Owned::from_new(PyUnicode_InternFromString(c"__getitem__".as_ptr()))?.into_ptr() },
        sequence: class(c"Sequence")?,
        mapping: class(c"Mapping")?,
        call: object::vectorcall,
        call_coroutine_function: function::call_coroutine_function,
    })
}

fn add(_gil: Gil<'_>, module: Borrowed<'_>, name: &str, value: &Owned) -> Result<(), Raised> {
    let name = CString::new(name).unwrap_or_default();
    // SAFETY: the GIL is held, all are alive.
    check(unsafe { PyObject_SetAttrString(module.as_ptr(), name.as_ptr(), value.as_ptr()) })
}

/// The greatest integer that is exact: of `lua_Integer`, or of a double where all numbers are floats.
const MAX_INTEGER: i64 = if ffi::LUPA_HAS_INTEGERS != 0 { ffi::lua_Integer::MAX as i64 } else { 1 << 53 };
const MIN_INTEGER: i64 = if ffi::LUPA_HAS_INTEGERS != 0 { ffi::lua_Integer::MIN as i64 } else { -(1 << 53) };

fn add_constants(gil: Gil<'_>, module: Borrowed<'_>) -> Result<(), Raised> {
    add(gil, module, "LUA_VERSION", &runtime::version_tuple(gil)?)?;
    for (name, value) in [("LUA_MAXINTEGER", MAX_INTEGER), ("LUA_MININTEGER", MIN_INTEGER)] {
        // SAFETY: the GIL is held.
        let value = unsafe { Owned::from_new(PyLong_FromLongLong(value))? };
        add(gil, module, name, &value)?;
    }
    Ok(())
}

/// Offers the public names of the wrapper types. The module's `__getattr__` fetches them when one is asked for, since
/// the abstract classes behind them would take a part of the time that importing a module takes.
fn offer_public_types(gil: Gil<'_>, module: Borrowed<'_>, types: &WrapperTypes) -> Result<(), Raised> {
    let decorators = call::import(gil, c"lupa._decorators")?;
    let offer = call::attribute(gil, decorators.borrow(), c"offer_wrapper_types")?;
    // SAFETY: the types of a module live as long as the interpreter.
    let class = |class: *mut PyTypeObject| unsafe { Borrowed::from_ptr(class.cast()) };
    let arguments = [
        module,
        class(types.object),
        class(types.table),
        class(types.function),
        class(types.coroutine_function),
        class(types.thread),
    ];
    add(gil, module, "__getattr__", &call::call(gil, offer.borrow(), &arguments)?)
}

/// Adds what is shared by all runtime modules: exceptions and functions of `lupa._core`, decorators of `lupa._decorators`.
fn take_over(gil: Gil<'_>, module: Borrowed<'_>) -> Result<(), Raised> {
    let core = call::import(gil, c"lupa._core")?;
    let names = [
        c"LuaError",
        c"LuaSyntaxError",
        c"LuaMemoryError",
        c"as_attrgetter",
        c"as_itemgetter",
        c"lua_type",
        c"_PyArguments",
    ];
    for name in names {
        add(gil, module, &name.to_string_lossy(), &call::attribute(gil, core.borrow(), name)?)?;
    }
    let decorators = call::import(gil, c"lupa._decorators")?;
    for name in [c"unpacks_lua_table", c"unpacks_lua_table_method", c"FastRLock"] {
        add(gil, module, &name.to_string_lossy(), &call::attribute(gil, decorators.borrow(), name)?)?;
    }
    let public = call::attribute(gil, decorators.borrow(), c"PUBLIC_NAMES")?;
    add(gil, module, "__all__", &public)
}

/// The state of the module that defines a type or one of its bases.
///
/// # Safety
/// `class` is one of our types, or derived from one.
pub(super) unsafe fn state_of<'a>(gil: Gil<'_>, class: *mut PyTypeObject) -> Result<&'a State, Raised> {
    let mut class = class;
    // SAFETY: promised by the caller; the walk follows the bases, which a type keeps alive.
    unsafe {
        while !class.is_null() {
            if PyType_HasFeature(class, Py_TPFLAGS_HEAPTYPE) != 0 {
                let module = PyType_GetModule(class);
                if module.is_null() {
                    PyErr_Clear();
                } else if PyModule_GetDef(module) == DEFINITION.as_ptr() {
                    return Ok(&**PyModule_GetState(module).cast::<*mut State>());
                }
            }
            class = (*class).tp_base;
        }
    }
    Err(raise_type_error(gil, "not a type of this module"))
}
