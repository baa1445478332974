//! Wrappers: the Python objects that stand for Lua objects. A wrapper holds its runtime and a registry slot, and never a
//! `lua_State`; what its methods do is in `src/api`.

use std::ffi::c_int;

use crate::ffi::lua as ffi;
use crate::ffi::python::{PyObject, PyTypeObject, vectorcallfunc};
use crate::lua::guard::effect;

use crate::lua::references::Reference;
use crate::lua::stack::Type;
use crate::py::{Borrowed, Owned, Raised, call, types};

use super::crossing::Locked;
use super::errors;
use super::runtime::RuntimeObject;

/// The types of the wrappers of one module; owned by the module.
#[derive(Clone, Copy)]
pub(crate) struct WrapperTypes {
    pub(crate) object: *mut PyTypeObject,
    pub(crate) table: *mut PyTypeObject,
    pub(crate) function: *mut PyTypeObject,
    pub(crate) coroutine_function: *mut PyTypeObject,
    pub(crate) thread: *mut PyTypeObject,
    pub(crate) iterator: *mut PyTypeObject,
    pub(crate) nogc: *mut PyTypeObject,
    /// The interned name `__getitem__`.
    pub(crate) getitem: *mut PyObject,
    /// The classes `collections.abc.Sequence` and `Mapping`.
    pub(crate) sequence: *mut PyObject,
    pub(crate) mapping: *mut PyObject,
    /// How functions are called, and how coroutines that were not started are.
    pub(crate) call: vectorcallfunc,
    pub(crate) call_coroutine_function: vectorcallfunc,
}

impl WrapperTypes {
    /// Is this one of the types itself (and none that was derived from it)?
    pub(crate) fn is_wrapper(&self, class: *mut PyTypeObject) -> bool {
        [self.table, self.function, self.object, self.thread, self.coroutine_function].contains(&class)
    }
}

/// `_LuaObject`, and the beginning of all other wrappers.
#[repr(C)]
pub(crate) struct LuaObject {
    pub(crate) base: PyObject,
    /// A strong reference.
    pub(crate) runtime: *mut RuntimeObject,
    pub(crate) reference: Reference,
    pub(crate) weakrefs: *mut PyObject,
}

impl LuaObject {
    pub(crate) fn lua_type(&self) -> Type {
        Type::from_tag(self.reference.tag)
    }
}

/// `_LuaFunction`. What is called less often (tables, userdata) does without the place for this.
#[repr(C)]
pub(crate) struct LuaFunction {
    pub(crate) object: LuaObject,
    pub(crate) vectorcall: Option<vectorcallfunc>,
}

/// `_LuaThread`.
#[repr(C)]
pub(crate) struct LuaThread {
    pub(crate) object: LuaObject,
    /// The tuple of arguments for the first resume, or null once it has happened.
    pub(crate) arguments: *mut PyObject,
    /// `close()` was called.
    pub(crate) closed: bool,
    /// The last resume ended with an error.
    pub(crate) failed: bool,
}

/// `_LuaCoroutineFunction`: a coroutine that was not started, which makes fresh ones of its function.
#[repr(C)]
pub(crate) struct LuaCoroutineFunction {
    pub(crate) callable: LuaFunction,
    pub(crate) function: Reference,
}

impl<'rt> Locked<'rt> {
    /// `[-0, +0, -]` Puts the value at `index` into a registry slot.
    pub(crate) fn refer(&self, index: c_int) -> Result<Reference, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let references = &self.runtime.references;
        if let Some(reference) = references.take(self.state(), index) {
            return Ok(reference);
        }
        self.reserve(1)?;
        references.take(self.state(), index).ok_or_else(|| errors::raise_lost_reference(self))
    }

    /// `[-0, +0, -]` A new wrapper of the given type for the value at `index`.
    pub(crate) fn wrap(&self, index: c_int, class: *mut PyTypeObject) -> Result<Owned, Raised> {
        let reference = self.refer(index)?;
        self.wrap_reference(reference, class)
    }

    /// `[-0, +0, -]` A new wrapper of the metatable that all objects of Python have in Lua.
    pub(crate) fn metatable_of_boxes(&self) -> Result<Owned, Raised> {
        effect!(self.state(), "[-0, +0, -]");
        let (state, base) = (self.state(), self.state().top());
        // SAFETY: the runtime is locked; its C side does not change meanwhile.
        let slot = unsafe { (*self.runtime.shared_with_c.get()).own[ffi::LUPA_OWN_METATABLE as usize] };
        state.push_registry(slot);
        let wrapper = self.wrap(base + 1, self.runtime.types.table);
        state.drop_to(base);
        wrapper
    }

    /// `[-0, +0, -]` A new wrapper that takes over a registry slot.
    pub(crate) fn wrap_reference(&self, reference: Reference, class: *mut PyTypeObject) -> Result<Owned, Raised> {
        // SAFETY: the class is one of our wrapper types, which begin with a LuaObject.
        let wrapper = unsafe {
            match self.runtime.spare_wrappers(class) {
                Some(spare) => spare.allocate(self.gil, class),
                None => types::allocate(self.gil, class),
            }
        };
        let Ok(wrapper) = wrapper else {
            self.runtime.references.give_up(reference);
            return wrapper;
        };
        let fields: *mut LuaObject = wrapper.as_ptr().cast();
        // SAFETY: the new wrapper is ours alone, its layout is known; the runtime object is alive while it is locked.
        unsafe {
            (*fields).reference = reference;
            (*fields).runtime = Borrowed::from_ptr(self.runtime.object).hold().into_ptr().cast();
        }
        Ok(wrapper)
    }

    /// The wrapper behind an object, if it is one of this module's. Raises LuaError if it belongs to another runtime.
    pub(crate) fn as_wrapper<'a>(&self, object: Borrowed<'a>) -> Result<Option<&'a LuaObject>, Raised> {
        if !call::has_type(object, self.runtime.types.object) {
            return Ok(None);
        }
        // SAFETY: the type says what the layout is.
        let wrapper: &LuaObject = unsafe { &*object.as_ptr().cast() };
        if wrapper.runtime.cast() != self.runtime.object {
            return Err(errors::raise_mixed_runtimes(self));
        }
        if wrapper.reference.is_none() {
            return Err(errors::raise_lost_reference(self));
        }
        Ok(Some(wrapper))
    }
}
