//! The stack of a Lua thread: the functions of the C API that never raise, and the one wrapper of each function that raises
//! only under a condition (`lua/api.tsv`, column `rust`), which the wrapper asserts.

use std::ffi::{CStr, c_int, c_void};

use crate::ffi::lua::{self as ffi, LupaValue};

/// A Lua thread whose runtime is locked by this OS thread. Copied freely; who holds one has got it from the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(*mut ffi::lua_State);

/// The type tag of a value (`lua_type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// `nil`, or no value at all.
    Nil,
    /// `true` or `false`.
    Boolean,
    /// A number of either kind.
    Number,
    /// A string.
    String,
    /// A table.
    Table,
    /// A function, of Lua or C.
    Function,
    /// A userdata, with memory of Lua's.
    Userdata,
    /// An address.
    LightUserdata,
    /// A coroutine.
    Thread,
    /// An object of LuaJIT's FFI.
    Cdata,
}

impl Type {
    /// What `lua_type` has returned; `LUA_TNONE` for an index without a value.
    pub(crate) fn from_tag(tag: c_int) -> Type {
        match tag {
            ffi::LUA_TBOOLEAN => Type::Boolean,
            ffi::LUA_TNUMBER => Type::Number,
            ffi::LUA_TSTRING => Type::String,
            ffi::LUA_TTABLE => Type::Table,
            ffi::LUA_TFUNCTION => Type::Function,
            ffi::LUA_TUSERDATA => Type::Userdata,
            ffi::LUA_TLIGHTUSERDATA => Type::LightUserdata,
            ffi::LUA_TTHREAD => Type::Thread,
            tag if tag == ffi::LUPA_TCDATA as c_int => Type::Cdata,
            _ => Type::Nil,
        }
    }

    /// Has it no counterpart in Rust?
    #[cfg(not(feature = "python"))]
    pub(crate) fn stays_in_lua(self) -> bool {
        !matches!(self, Type::Nil | Type::Boolean | Type::Number | Type::String)
    }
}

/// A number as Python sees it.
pub(crate) enum Number {
    Integer(i64),
    Float(f64),
}

/// A place for a value that C reads.
pub(crate) const UNREAD: LupaValue =
    LupaValue { type_: ffi::LUA_TNIL, is_integer: 0, content: ffi::LupaValue__bindgen_ty_1 { integer: 0 }, size: 0 };

/// The number that was read.
///
/// # Safety
/// It was one.
pub(crate) unsafe fn number_in(value: &LupaValue) -> Number {
    // SAFETY: promised by the caller; the flag tells which field of the union is in use.
    unsafe {
        if value.is_integer != 0 { Number::Integer(value.content.integer) } else { Number::Float(value.content.number) }
    }
}

/// The bytes of the string that was read.
///
/// # Safety
/// It was one, and stays on the stack for `'a`.
pub(crate) unsafe fn bytes_in<'a>(value: &LupaValue) -> &'a [u8] {
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(value.content.bytes.cast(), value.size) }
}

impl State {
    /// # Safety
    /// `state` is a live thread of a runtime that this OS thread has locked, for as long as the result is used.
    pub(crate) unsafe fn new(state: *mut ffi::lua_State) -> State {
        State(state)
    }

    pub(crate) fn as_ptr(self) -> *mut ffi::lua_State {
        self.0
    }

    /// `[-0, +0, -]` Number of values in the current frame.
    pub(crate) fn top(self) -> c_int {
        // SAFETY: the state is live and ours.
        unsafe { ffi::lua_gettop(self.0) }
    }

    /// `[-n, +0, -]` Drop what lies above `top`. Asserts that nothing is added; no slot of ours is marked to be closed.
    pub(crate) fn drop_to(self, top: c_int) {
        assert!(top <= self.top(), "the Lua stack has {} values, {top} were expected to stay", self.top());
        // SAFETY: the state is live; shrinking without a to-be-closed slot raises nothing.
        unsafe { ffi::lua_settop(self.0, top) }
    }

    /// `[-0, +0, -]` The type of the value at `index`.
    pub(crate) fn type_of(self, index: c_int) -> Type {
        Type::from_tag(self.tag(index))
    }

    /// `[-0, +0, -]` The type tag of the value at `index`, as the headers number them.
    pub(crate) fn tag(self, index: c_int) -> c_int {
        // SAFETY: the state is live.
        unsafe { ffi::lua_type(self.0, index) }
    }

    /// `[-0, +0, -]` The boolean at `index`.
    pub(crate) fn read_boolean(self, index: c_int) -> bool {
        // SAFETY: the state is live.
        unsafe { ffi::lua_toboolean(self.0, index) != 0 }
    }

    /// `[-0, +0, -]` The number at `index`.
    pub(crate) fn read_number(self, index: c_int) -> Number {
        let mut integer = 0;
        // SAFETY: the state is live; both functions read a number without converting it in place.
        unsafe {
            if ffi::lupa_toint(self.0, index, &raw mut integer) != 0 {
                Number::Integer(integer)
            } else {
                Number::Float(ffi::lupa_tonumber(self.0, index))
            }
        }
    }

    /// `[-0, +0, -]` The bytes of the string at `index`, which Lua keeps for as long as the value is on the stack.
    ///
    /// Asserts that the value is a string already: converting a number would allocate.
    pub(crate) fn read_string<'a>(self, index: c_int) -> &'a [u8] {
        assert!(self.type_of(index) == Type::String, "a string was expected on the Lua stack");
        let mut size = 0;
        // SAFETY: the value is a string, so that nothing is converted; Lua gives pointer and length of its content.
        unsafe {
            let bytes = ffi::lua_tolstring(self.0, index, &raw mut size);
            std::slice::from_raw_parts(bytes.cast(), size)
        }
    }

    /// `[-0, +0, -]` The address of what is at `index`, or null for what has none.
    pub(crate) fn address(self, index: c_int) -> *const c_void {
        // SAFETY: the state is live.
        unsafe { ffi::lua_topointer(self.0, index) }
    }

    /// `[-0, +0, -]` The thread at `index`.
    pub(crate) fn read_thread(self, index: c_int) -> Option<State> {
        // SAFETY: the state is live; null is returned for other values. The thread is locked as its runtime is.
        unsafe {
            let thread = ffi::lua_tothread(self.0, index);
            if thread.is_null() { None } else { Some(State::new(thread)) }
        }
    }

    /// `[-0, +1, -]`
    pub(crate) fn push_boolean(self, value: bool) {
        // SAFETY: the state is live and has room.
        unsafe { ffi::lua_pushboolean(self.0, c_int::from(value)) }
    }

    /// `[-0, +1, -]` Push what a registry slot holds.
    pub(crate) fn push_registry(self, slot: c_int) {
        // SAFETY: the state is live and has room; a raw read of an array raises nothing.
        unsafe { ffi::lua_rawgeti(self.0, ffi::LUPA_REGISTRYINDEX, slot.into()) };
    }

    /// `[-0, +0, -]` Puts the value at `index` into a registry slot, unless a script has emptied that.
    #[must_use]
    pub(crate) fn store(self, slot: c_int, index: c_int) -> bool {
        // SAFETY: the state is live and has room; an occupied slot is filled, so that nothing is allocated.
        unsafe { ffi::lupa_fillslot(self.0, slot, index) != 0 }
    }

    /// `[-0, +0, -]` Likewise, if the slot holds `false`: the address and the type tag of the value.
    #[inline]
    pub(crate) fn store_in_free(self, slot: c_int, index: c_int) -> Option<(*const c_void, c_int)> {
        let mut address = std::ptr::null();
        // SAFETY: as above.
        let tag = unsafe { ffi::lupa_takeslot(self.0, slot, index, &raw mut address) };
        (tag >= 0).then_some((address, tag))
    }

    /// `[-0, +0, -]` Room for `extra` more values in this frame. A body has made the stack large enough just before
    /// (`LUPA_GROW`), so that nothing is allocated. False if the frame has more values than Lua allows.
    #[must_use]
    pub(crate) fn claim_room(self, extra: c_int) -> bool {
        // SAFETY: the stack is large enough already.
        unsafe { ffi::lua_checkstack(self.0, extra) != 0 }
    }

    /// `[-0, +0, -]` The name of the type of the value at `index`.
    pub(crate) fn type_name(self, index: c_int) -> &'static CStr {
        // SAFETY: the state is live; type names are constants of Lua.
        unsafe { CStr::from_ptr(ffi::lua_typename(self.0, ffi::lua_type(self.0, index))) }
    }
}
