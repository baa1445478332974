//! `_LuaObject`: what all wrappers can do. Userdata, light userdata and objects of LuaJIT's FFI are of exactly this type.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use crate::ffi::python::*;
use crate::lua::guard::effect;

use crate::bridge::crossing::Crossing;
use crate::bridge::operation::{Body, Operation};
use crate::bridge::wrapper::LuaObject;
use crate::ffi::python::_PyType_Lookup;
use crate::lua::references::Reference;
use crate::lua::stack::{Number, Type};
use crate::py::args::Given;
use crate::py::error::{raise_attribute_error, raise_type_error};
use crate::py::types::{self, TypeSpec, object_member, offset, slot};
use crate::py::{Borrowed, Gil, Owned, Raised, edge, text};

use super::identity;

const DOC: &std::ffi::CStr = c"A Lua object that Python holds.

Objects without a type of their own are userdata, light userdata, and the objects of LuaJIT's FFI. Attributes and items are
those that Lua sees (obj.name and obj[key] honour __index); calling uses __call. str() uses __tostring.";

/// The slots that all wrapper types have; derived types add theirs.
pub(super) fn common_slots() -> Vec<PyType_Slot> {
    vec![
        slot(Py_tp_new, refuse_new as *mut c_void),
        slot(Py_tp_dealloc, dealloc as *mut c_void),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_call, call as *mut c_void),
        slot(Py_tp_richcompare, identity::richcompare as *mut c_void),
        slot(Py_tp_hash, identity::hash as *mut c_void),
    ]
}

/// The fields that Python has to know of, and the runtime, for what is written in Python.
pub(super) fn common_members() -> Vec<PyMemberDef> {
    vec![
        offset(c"__weaklistoffset__", std::mem::offset_of!(LuaObject, weakrefs)),
        object_member(c"__lua_runtime__", std::mem::offset_of!(LuaObject, runtime)),
    ]
}

pub(super) const COMMON_FLAGS: u64 = (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC) as u64;

pub(super) fn spec(name: &'static std::ffi::CStr) -> TypeSpec {
    let mut slots = common_slots();
    slots.extend([
        slot(Py_tp_repr, repr as *mut c_void),
        slot(Py_tp_str, str as *mut c_void),
        slot(Py_tp_iter, refuse_iter as *mut c_void),
        slot(Py_tp_getattro, getattro as *mut c_void),
        slot(Py_mp_length, length as *mut c_void),
        slot(Py_mp_subscript, subscript as *mut c_void),
        slot(Py_nb_bool, always_true as *mut c_void),
    ]);
    TypeSpec {
        name,
        doc: Some(DOC),
        size: size_of::<LuaObject>(),
        flags: COMMON_FLAGS | Py_TPFLAGS_BASETYPE as u64,
        slots,
        methods: Vec::new(),
        members: common_members(),
        getters: Vec::new(),
    }
}

/// The fields of a wrapper.
///
/// # Safety
/// `object` is a wrapper of this module, alive for `'a`.
pub(super) unsafe fn fields<'a>(object: *mut PyObject) -> &'a LuaObject {
    // SAFETY: promised by the caller.
    unsafe { &*object.cast() }
}

/// Locks the runtime of a wrapper.
///
/// # Safety
/// As for [`fields`].
pub(super) unsafe fn enter<'a>(gil: Gil<'a>, object: *mut PyObject) -> Result<Crossing<'a>, Raised> {
    // SAFETY: a wrapper holds its runtime; the collector empties the field only when nobody can reach the wrapper.
    unsafe {
        let runtime = fields(object).runtime;
        if runtime.is_null() {
            return Err(raise_type_error(gil, "the Lua object is not initialised"));
        }
        Crossing::enter(gil, runtime)
    }
}

// ---- life ----

unsafe extern "C" fn refuse_new(
    _class: *mut PyTypeObject,
    _args: *mut PyObject,
    _keywords: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held.
    unsafe { edge::<Owned>(|gil| Err(raise_type_error(gil, "Type cannot be instantiated manually"))) }
}

/// Gives up the registry slot without locking, releases the runtime, and frees the wrapper.
///
/// # Safety
/// `object` is a wrapper with no reference left; its further fields are released.
pub(super) unsafe fn free_object(object: *mut PyObject) {
    let wrapper: *mut LuaObject = object.cast();
    // SAFETY: promised by the caller; the GIL is held.
    unsafe {
        if !(*wrapper).weakrefs.is_null() {
            PyObject_ClearWeakRefs(object);
        }
        let runtime = ptr::replace(&raw mut (*wrapper).runtime, ptr::null_mut());
        give_up(runtime, ptr::replace(&raw mut (*wrapper).reference, Reference::NONE));
        let spare = runtime
            .as_ref()
            .and_then(|object| object.runtime.as_ref()?.spare_wrappers(Py_TYPE(&raw mut (*wrapper).base)));
        match spare {
            Some(spare) => spare.free(NonNull::new_unchecked(object)),
            None => types::free(object),
        }
        drop(Owned::from_optional(runtime.cast()));
    }
}

/// Queues a registry slot for recycling.
///
/// # Safety
/// `runtime` is null or a live runtime object; the GIL is held.
pub(super) unsafe fn give_up(runtime: *mut crate::bridge::runtime::RuntimeObject, reference: Reference) {
    // SAFETY: promised by the caller.
    unsafe {
        if let Some(runtime) = runtime.as_ref().and_then(|object| object.runtime.as_ref()) {
            runtime.references.give_up(reference);
        }
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: called by Python for a wrapper with no reference left.
    unsafe {
        PyObject_GC_UnTrack(slf.cast());
        free_object(slf);
    }
}

/// Visits the type and the runtime: the registry slots of wrappers are roots of Lua's collector, so that cycles through a
/// runtime end here.
pub(super) unsafe extern "C" fn traverse(slf: *mut PyObject, visit: visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the collector with a wrapper.
    unsafe {
        let result = visit(Py_TYPE(slf).cast(), arg);
        let runtime = fields(slf).runtime;
        if result != 0 || runtime.is_null() { result } else { visit(runtime.cast(), arg) }
    }
}

// ---- call ----

/// `obj(*args)`, for what is called less often.
unsafe extern "C" fn call(slf: *mut PyObject, arguments: *mut PyObject, keywords: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a wrapper, a tuple, and a dict or null.
    unsafe { edge(|gil| call_object(gil, slf, Given::from_tuple(arguments, keywords))) }
}

/// `function(*args)`.
pub(crate) unsafe extern "C" fn vectorcall(
    slf: *mut PyObject,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a wrapper, and arguments that it keeps alive.
    unsafe { edge(|gil| call_object(gil, slf, Given::from_vector(arguments, PyVectorcall_NARGS(count), names))) }
}

/// `[-0, +0, -]` Calls a Lua object.
///
/// # Safety
/// `slf` is a wrapper.
#[inline(always)]
unsafe fn call_object(gil: Gil<'_>, slf: *mut PyObject, given: Given<'_>) -> Result<Owned, Raised> {
    let arguments = positional(gil, given)?;
    // SAFETY: promised by the caller.
    let (crossing, function) = unsafe {
        let crossing = enter(gil, slf)?;
        let function = checked_reference(&crossing, slf)?;
        (crossing, function)
    };
    effect!(crossing.state(), "[-0, +0, -]");
    if let Some(result) = crossing.call_directly(function, arguments) {
        return result;
    }
    let mut operation = Operation::new(crossing.runtime);
    operation.slots.add_reference(function, None);
    for &argument in arguments {
        crossing.marshal(&mut operation.slots, argument)?;
    }
    let results = crossing.perform(Body::Call, &mut operation)?;
    crossing.unmarshal_results(&results)
}

/// The arguments of a call, which must all be positional.
pub(super) fn positional<'a>(gil: Gil<'_>, given: Given<'a>) -> Result<&'a [Borrowed<'a>], Raised> {
    if let Some(name) = given.first_name() {
        let name = text::to_string(gil, name)?;
        return Err(raise_type_error(gil, &format!("__call__() got an unexpected keyword argument '{name}'")));
    }
    Ok(given.positional())
}

/// The registry slot of a wrapper, which may have been given up.
///
/// # Safety
/// As for [`fields`].
pub(super) unsafe fn checked_reference(crossing: &Crossing<'_>, slf: *mut PyObject) -> Result<Reference, Raised> {
    // SAFETY: promised by the caller.
    let reference = unsafe { fields(slf) }.reference;
    if reference.is_none() { Err(crate::bridge::errors::raise_lost_reference(crossing)) } else { Ok(reference) }
}

// ---- text ----

/// `<Lua table at 0x...>`, with the address that Lua prints.
///
/// # Safety
/// As for [`fields`].
pub(super) unsafe fn describe(slf: *mut PyObject) -> String {
    // SAFETY: promised by the caller.
    let wrapper = unsafe { fields(slf) };
    let name = type_name(wrapper.lua_type());
    match wrapper.lua_type() {
        Type::Cdata => format!("<Lua {name}>"),
        _ => format!("<Lua {name} at {:p}>", wrapper.reference.address),
    }
}

/// The name of a type in Lua.
pub(super) fn type_name(lua_type: Type) -> &'static str {
    match lua_type {
        Type::Nil => "nil",
        Type::Boolean => "boolean",
        Type::Number => "number",
        Type::String => "string",
        Type::Table => "table",
        Type::Function => "function",
        Type::Userdata | Type::LightUserdata => "userdata",
        Type::Thread => "thread",
        Type::Cdata => "cdata",
    }
}

/// The name of the Lua type of a wrapper, for `lua_type`.
pub(super) unsafe extern "C" fn lua_type(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called with the GIL held and a wrapper of this module.
    unsafe { edge(|gil| text::string(gil, type_name(fields(slf).lua_type()))) }
}

unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a wrapper.
    unsafe { edge(|gil| text::string(gil, &describe(slf))) }
}

unsafe extern "C" fn str(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a wrapper.
    unsafe {
        edge(|gil| {
            let crossing = enter(gil, slf)?;
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(checked_reference(&crossing, slf)?, None);
            let results = crossing.perform(Body::ToString, &mut operation)?;
            if results.count() == 0 {
                return text::string(gil, &describe(slf));
            }
            let (state, index) = (crossing.state(), results.index(0));
            let encoding = &crossing.runtime.options.encoding;
            let encoding = encoding.as_ref().unwrap_or(&text::Encoding::Utf8);
            match state.type_of(index) {
                Type::String => text::decode_message(gil, state.read_string(index), Some(encoding)),
                Type::Number => text::string(gil, &number_text(state.read_number(index))),
                _ => Err(raise_type_error(gil, "__tostring returned non-string object")),
            }
        })
    }
}

fn number_text(number: Number) -> String {
    match number {
        Number::Integer(value) => value.to_string(),
        Number::Float(value) => value.to_string(),
    }
}

// ---- access ----

unsafe extern "C" fn refuse_iter(_slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held.
    unsafe { edge::<Owned>(|gil| Err(raise_type_error(gil, "iteration is only supported for tables"))) }
}

unsafe extern "C" fn always_true(_slf: *mut PyObject) -> c_int {
    1
}

unsafe extern "C" fn length(slf: *mut PyObject) -> Py_ssize_t {
    // SAFETY: called by Python with the GIL held and a wrapper.
    unsafe {
        edge(|gil| {
            if matches!(fields(slf).lua_type(), Type::Function | Type::Thread) {
                return Ok(0);
            }
            let crossing = enter(gil, slf)?;
            let object = checked_reference(&crossing, slf)?;
            if let Some(length) = crossing.length_directly(object) {
                return Ok(length);
            }
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(object, None);
            let results = crossing.perform(Body::Len, &mut operation)?;
            let length = crossing.unmarshal(results.index(0))?;
            drop(results);
            match PyNumber_AsSsize_t(length.as_ptr(), PyExc_OverflowError) {
                -1 if !PyErr_Occurred().is_null() => Err(Raised::already()),
                negative if negative < 0 => {
                    Err(crate::py::error::raise_value_error(gil, "__len__() should return >= 0"))
                }
                length => Ok(length),
            }
        })
    }
}

unsafe extern "C" fn subscript(slf: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a wrapper and a live key.
    unsafe {
        edge(|gil| {
            let message = "item/attribute access not supported on functions";
            let wrapper = fields(slf);
            if matches!(wrapper.lua_type(), Type::Function | Type::Thread) {
                return Err(raise_type_error(gil, message));
            }
            let crossing = enter(gil, slf)?;
            let object = checked_reference(&crossing, slf)?;
            let key = Borrowed::from_ptr(key);
            if !key.is_none()
                && let Some(value) = crossing.index_directly(object, key)
            {
                return value;
            }
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(object, None);
            if wrapper.lua_type() == Type::Table {
                // t[nil] is always nil; None stands for python.none there.
                crossing.marshal_not_nil(&mut operation.slots, key)?;
            } else {
                crossing.marshal(&mut operation.slots, key)?;
            }
            get(&crossing, &mut operation)
        })
    }
}

/// `[-0, +0, -]` Reads an item, once the slots for object and key are there.
fn get(crossing: &Crossing<'_>, operation: &mut Operation) -> Result<Owned, Raised> {
    effect!(crossing.state(), "[-0, +0, -]");
    let results = crossing.perform(Body::Get, operation)?;
    crossing.unmarshal_results(&results)
}

pub(super) unsafe extern "C" fn getattro(slf: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a wrapper and a live name.
    unsafe {
        if PyUnicode_Check(name) == 0 || !_PyType_Lookup(Py_TYPE(slf), name).is_null() {
            return PyObject_GenericGetAttr(slf, name);
        }
        edge(|gil| {
            // Names like `__this__` belong to Python and never reach Lua.
            if text::is_dunder(gil, Borrowed::from_ptr(name)) {
                return Owned::from_new(PyObject_GenericGetAttr(slf, name));
            }
            if matches!(fields(slf).lua_type(), Type::Function | Type::Thread) {
                return Err(raise_attribute_error(gil, "item/attribute access not supported on functions"));
            }
            let crossing = enter(gil, slf)?;
            let object = checked_reference(&crossing, slf)?;
            if let Some(value) = crossing.index_directly(object, Borrowed::from_ptr(name)) {
                return value;
            }
            let mut operation = Operation::new(crossing.runtime);
            operation.slots.add_reference(object, None);
            add_name(&crossing, &mut operation, name)?;
            get(&crossing, &mut operation)
        })
    }
}

/// `[-0, +0, -]` Adds the slot for an attribute name, which is in the encoding of source code.
///
/// # Safety
/// `name` is a live str.
pub(super) unsafe fn add_name(
    crossing: &Crossing<'_>,
    operation: &mut Operation,
    name: *mut PyObject,
) -> Result<(), Raised> {
    let encoding = &crossing.runtime.options.source_encoding;
    // SAFETY: promised by the caller.
    crossing.marshal_encoded(&mut operation.slots, unsafe { Borrowed::from_ptr(name) }, encoding)
}
