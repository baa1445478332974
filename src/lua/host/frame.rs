//! Operations on a state, for a program in Rust: each is one protected call of a body of `lua/bodies.h`.

use std::ffi::{CStr, c_int, c_void};
use std::mem;

use crate::ffi::lua::{self as ffi, LupaOperation, LupaSlot};

use super::error::{Error, ErrorKind};
use super::functions;
use super::runtime::Parts;
use super::value::{Object, Value, tagged, with_content};
use crate::lua::State;
use crate::lua::bodies::{self, Body};
use crate::lua::guard::{Guard, effect};
use crate::lua::native_stack::native_stack_left;

/// What an operation must find of the C stack.
const MIN_NATIVE_STACK: usize = 64 * 1024;

/// Results up to this number can be read without asking for room: the state has `LUA_MINSTACK` free slots in each frame.
const RESULTS_WITH_ROOM: c_int = 8;

/// Scripts that a program runs are source code: Lua does not check compiled chunks.
const TEXT: &CStr = c"t";

/// A frame of the stack, with operations that work above what it has: that of a [`Runtime`](crate::lua::Runtime), or that of a function
/// of Rust which Lua has called, with its arguments.
///
/// Every operation is protected: an error of Lua is an [`Err`]. The effect on the stack is stated in the notation of Lua's manual,
/// `[-pops, +pushes, raises]`; where values are pushed, the [`Results`] pop them when they are dropped. `handler` is the message
/// handler of the call, which lies below its results.
pub struct Frame<'rt> {
    parts: &'rt Parts,
    state: State,
    /// The height that the frame was found with.
    base: c_int,
    arguments: c_int,
}

/// The values that an operation has left on the stack. Dropping them pops them.
pub struct Results<'frame> {
    parts: &'frame Parts,
    state: State,
    base: c_int,
    count: c_int,
    guard: Guard,
}

impl<'rt> Frame<'rt> {
    pub(super) fn new(parts: &'rt Parts, state: State, base: c_int, arguments: c_int) -> Frame<'rt> {
        Frame { parts, state, base, arguments }
    }

    /// `[-0, +0, -]` How many arguments the function has got; 0 in the frame of a runtime.
    pub fn arguments(&self) -> usize {
        usize::try_from(self.arguments).unwrap_or(0)
    }

    /// `[-0, +0, -]` An argument of the function, counted from 0; nil for one that was not given (`lua_type` and the functions that
    /// read a value, manual section 4.6).
    ///
    /// # Errors
    /// [`ErrorKind::Memory`], for an object.
    pub fn argument(&self, position: usize) -> Result<Value<'_>, Error> {
        effect!(self.state, "[-0, +0, -]");
        // The function itself is the first value.
        match c_int::try_from(position) {
            Ok(position) if position < self.arguments => self.parts.read_with_room(self.state, position + 2),
            _ => Ok(Value::Nil),
        }
    }

    /// `[-0, +handler+1, -]` Compiles a chunk of source code (`luaL_loadbufferx`, section 5.1): one value, the function. `name` is what
    /// messages call it: `c"=name"`, or `c"@file.lua"`.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`], also for a compiled chunk; [`ErrorKind::Memory`].
    pub fn load(&mut self, chunk: impl AsRef<[u8]>, name: &CStr) -> Result<Results<'_>, Error> {
        self.compile(Body::Load, chunk.as_ref(), name, &[])
    }

    /// `[-0, +handler+n, -]` Compiles and calls a chunk (`luaL_loadbufferx`, `lua_pcall`, section 4.6): what it returns. The arguments
    /// are its `...`.
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`], and whatever the chunk raises.
    pub fn run(&mut self, chunk: impl AsRef<[u8]>, name: &CStr, arguments: &[Value<'_>]) -> Result<Results<'_>, Error> {
        self.compile(Body::Run, chunk.as_ref(), name, arguments)
    }

    /// `[-0, +handler+n, -]` Calls a function, or what has `__call` (`lua_pcall`, section 4.6): its results.
    ///
    /// # Errors
    /// Whatever the function raises.
    pub fn call(&mut self, function: &Object, arguments: &[Value<'_>]) -> Result<Results<'_>, Error> {
        let mut slots = self.slots(&[function.into()])?;
        slots.extend(self.slots(arguments)?);
        self.perform(Body::Call, &mut slots, bodies::blank())
    }

    /// `[-0, +handler+n, -]` Loads a module (the function `require`, section 6.3): what `require` returns.
    ///
    /// # Errors
    /// Whatever the module raises, and that it was not found.
    pub fn require(&mut self, name: &str) -> Result<Results<'_>, Error> {
        let mut slots = self.slots(&[name.into()])?;
        self.perform(Body::Require, &mut slots, bodies::blank())
    }

    /// `[-0, +handler+1, -]` The field of a table, or of what has `__index` (`lua_gettable`, section 4.6): one value.
    ///
    /// # Errors
    /// Whatever a metamethod raises; that the object cannot be indexed.
    pub fn get<'a>(&mut self, object: &Object, key: impl Into<Value<'a>>) -> Result<Results<'_>, Error> {
        let key = key.into();
        let mut slots = vec![object.slot(&self.parts.references)?, key.slot(&self.parts.references)?];
        self.perform(Body::Get, &mut slots, bodies::blank())
    }

    /// `[-0, +0, -]` Sets a field of a table, or of what has `__newindex` (`lua_settable`, section 4.6).
    ///
    /// # Errors
    /// Whatever a metamethod raises; that the object cannot be indexed, or the key is nil or not a number.
    pub fn set<'a, 'b>(
        &mut self,
        object: &Object,
        key: impl Into<Value<'a>>,
        value: impl Into<Value<'b>>,
    ) -> Result<(), Error> {
        effect!(self.state, "[-0, +0, -]");
        let (key, value) = (key.into(), value.into());
        let references = &self.parts.references;
        let mut slots = vec![object.slot(references)?, key.slot(references)?, value.slot(references)?];
        self.perform(Body::Set, &mut slots, bodies::blank()).map(drop)
    }

    /// `[-0, +handler+1, -]` The length of a table, or what `__len` gives (`lua_len`, section 4.6; `lua_objlen` on 5.1): one value.
    ///
    /// # Errors
    /// Whatever a metamethod raises; that the object has no length.
    pub fn length(&mut self, object: &Object) -> Result<Results<'_>, Error> {
        let mut slots = vec![object.slot(&self.parts.references)?];
        self.perform(Body::Len, &mut slots, bodies::blank())
    }

    /// `[-0, +0, -]` A new table (`lua_createtable`, `lua_rawset`, section 4.6) with these items, counted from 1, and these fields.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`]; a key that is nil or not a number.
    pub fn table(&mut self, items: &[Value<'_>], fields: &[(Value<'_>, Value<'_>)]) -> Result<Object, Error> {
        effect!(self.state, "[-0, +0, -]");
        let table = |tag, size, integer| LupaSlot {
            index: 1,
            size,
            ..with_content(tag, ffi::LupaSlot__bindgen_ty_1 { integer })
        };
        let mut slots = vec![tagged(ffi::LUPA_NIL)];
        slots.push(table(ffi::LUPA_NEWTABLE, items.len(), fields.len() as ffi::lua_Integer));
        slots.push(table(ffi::LUPA_LIST, 0, 1));
        slots.extend(self.slots(items)?);
        slots.push(table(ffi::LUPA_PAIRS, 0, 0));
        for (key, value) in fields {
            slots.push(key.slot(&self.parts.references)?);
            slots.push(value.slot(&self.parts.references)?);
        }
        let operation = LupaOperation { number: 1, ..bodies::blank() };
        self.perform(Body::Fill, &mut slots, operation)?.into_object()
    }

    /// `[-0, +0, -]` The table of global variables (`LUA_RIDX_GLOBALS`, section 4.3).
    ///
    /// # Errors
    /// [`ErrorKind::Memory`]; [`ErrorKind::NoObject`] where a script has changed the registry.
    pub fn globals(&mut self) -> Result<Object, Error> {
        effect!(self.state, "[-0, +0, -]");
        let Frame { parts, state, base, .. } = *self;
        state.drop_to(base);
        parts.references.recycle(state);
        parts.reserve(state)?;
        // SAFETY: the state is ours and has room.
        unsafe { ffi::lupa_pushglobals(state.as_ptr()) };
        let globals = parts.read(state, state.top());
        state.drop_to(base);
        globals.unwrap_or(Value::Nil).into_object()
    }

    /// `[-0, +0, -]` A function of Rust as one of Lua (`lua_pushcclosure`, section 4.6). It gets a frame with its arguments, may use Lua
    /// there, and returns its results. Its `Err` is raised in Lua after the function has returned, so that no error of Lua ever
    /// passes a function of Rust; a panic becomes an error as well.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`].
    pub fn function<F>(&mut self, function: F) -> Result<Object, Error>
    where
        F: Fn(&mut Frame<'_>) -> Result<Vec<Value<'static>>, Error> + 'static,
    {
        effect!(self.state, "[-0, +0, -]");
        let parts = self.parts;
        let node = parts.boxes.link(functions::into_object(function), ffi::LUPA_ATTRIBUTES);
        let mut slots = [with_content(ffi::LUPA_OBJECT, ffi::LupaSlot__bindgen_ty_1 { node })];
        let result = self.perform(Body::Function, &mut slots, bodies::blank()).and_then(Results::into_object);
        // SAFETY: the tag tells which field of the union is in use; C empties it when a box takes the node. Otherwise the node
        // is on the list, and no box knows it.
        unsafe {
            if !slots[0].value.node.is_null() {
                drop(functions::from_object(parts.boxes.unlink(node)));
            }
        }
        result
    }

    /// `[-0, +0, -]` A `lua_CFunction` as a function of Lua (`lua_pushcfunction`, section 4.6), such as the `luaopen_...` of a library in C;
    /// its argument is the `lua_State *`.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`].
    ///
    /// # Safety
    /// The function keeps the rules of Lua's C API for the version that this crate was built for. A jump of Lua (an error, a yield)
    /// must not pass a frame of Rust in it that has something to drop or does not expect it: functions in Rust are better made
    /// with [`function`](Frame::function).
    pub unsafe fn c_function(
        &mut self,
        function: unsafe extern "C-unwind" fn(*mut c_void) -> c_int,
    ) -> Result<Object, Error> {
        effect!(self.state, "[-0, +0, -]");
        // SAFETY: the same function for C, which is the only one to call it; a pointer stands for a pointer.
        let function = unsafe {
            mem::transmute::<
                unsafe extern "C-unwind" fn(*mut c_void) -> c_int,
                unsafe extern "C" fn(*mut ffi::lua_State) -> c_int,
            >(function)
        };
        let operation = LupaOperation { function: Some(function), ..bodies::blank() };
        self.perform(Body::Function, &mut [], operation)?.into_object()
    }

    /// `[-0, +0, -]` A full cycle of the garbage collector (`lua_gc`, section 4.6).
    ///
    /// # Errors
    /// What a finalizer raises, until Lua 5.3.
    pub fn collect(&mut self) -> Result<(), Error> {
        effect!(self.state, "[-0, +0, -]");
        self.perform(Body::Collect, &mut [], bodies::blank()).map(drop)
    }

    fn slots(&self, values: &[Value<'_>]) -> Result<Vec<LupaSlot>, Error> {
        values.iter().map(|value| value.slot(&self.parts.references)).collect()
    }

    /// `[-0, +handler+n, -]`
    fn compile(
        &mut self,
        body: Body,
        chunk: &[u8],
        name: &CStr,
        arguments: &[Value<'_>],
    ) -> Result<Results<'_>, Error> {
        let mut slots = self.slots(arguments)?;
        let mut operation = bodies::blank();
        bodies::set_chunk(&mut operation, chunk, name, Some(TEXT));
        self.perform(body, &mut slots, operation)
    }

    /// `[-0, +handler+n, -]` One protected call: runs a body.
    fn perform(
        &mut self,
        body: Body,
        slots: &mut [LupaSlot],
        mut operation: LupaOperation,
    ) -> Result<Results<'_>, Error> {
        let Frame { parts, state, base, .. } = *self;
        if native_stack_left() < MIN_NATIVE_STACK {
            return Err(Error::of_kind(ErrorKind::StackOverflow, "C stack overflow"));
        }
        // Results that were forgotten instead of dropped may lie there: nobody can refer to them any more.
        state.drop_to(base);
        parts.references.recycle(state);
        parts.reserve(state)?;
        let guard = Guard::new(state);
        let status = self.protect(body, slots, &mut operation);
        let results = Results { parts, state, base, count: state.top() - base - 1, guard };
        parts.drop_dead();
        if status != ffi::LUA_OK as c_int {
            return Err(parts.error_at_top(state, status, operation.failure as u32));
        }
        if operation.status != ffi::LUA_OK as c_int {
            return Err(results.not_compiled(operation.status));
        }
        if results.count > RESULTS_WITH_ROOM {
            results.ensure_room()?;
        }
        Ok(results)
    }

    /// `[-0, +handler+n, -]` The status: message handler and results, or message handler and error value.
    fn protect(&self, body: Body, slots: &mut [LupaSlot], operation: &mut LupaOperation) -> c_int {
        operation.slots = slots.as_mut_ptr();
        operation.count = c_int::try_from(slots.len()).unwrap_or(c_int::MAX);
        if let Some(memory) = &self.parts.memory {
            memory.forget_refusals();
        }
        // SAFETY: the state is ours; nothing raises out of the C function; operation and slots outlive the call.
        unsafe { ffi::lupa_protect(self.state.as_ptr(), self.parts.c(), body as c_int, operation) }
    }

    /// `[-0, +handler+n, -]` Leaves values for the Lua code that has called the function of this frame; how many.
    pub(super) fn give(&mut self, values: &[Value<'_>]) -> Result<c_int, Error> {
        self.state.drop_to(self.base);
        let mut slots = self.slots(values)?;
        let mut operation = bodies::blank();
        let status = self.protect(Body::Push, &mut slots, &mut operation);
        if status == ffi::LUA_OK as c_int {
            return Ok(self.state.top() - self.base - 1);
        }
        let error = self.parts.error_at_top(self.state, status, operation.failure as u32);
        self.state.drop_to(self.base);
        Err(error)
    }

    /// `[-0, +handler+n, -]` Leaves an error value on the top: this one, or that of the failure to push it.
    pub(super) fn leave_error(&mut self, error: &Error) {
        self.state.drop_to(self.base);
        let mut slots =
            error.value().slot(&self.parts.references).map_or_else(|_| vec![tagged(ffi::LUPA_NIL)], |slot| vec![slot]);
        self.protect(Body::Push, &mut slots, &mut bodies::blank());
    }
}

impl Results<'_> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(0)
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `[-0, +0, -]` A value, counted from 0; nil behind the last one. The bytes of a string are those on the stack.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`], for an object.
    pub fn value(&self, position: usize) -> Result<Value<'_>, Error> {
        match c_int::try_from(position) {
            // The message handler lies below.
            Ok(position) if position < self.count => self.parts.read_with_room(self.state, self.base + 2 + position),
            _ => Ok(Value::Nil),
        }
    }

    /// `[-0, +0, -]` The first value, which is an object.
    ///
    /// # Errors
    /// [`ErrorKind::NoObject`] if it is none; [`ErrorKind::Memory`].
    pub fn into_object(self) -> Result<Object, Error> {
        self.value(0)?.into_object()
    }

    /// `[-0, +0, -]` The error of a chunk that does not compile, whose message is the result.
    fn not_compiled(&self, status: c_int) -> Error {
        let kind = if status == ffi::LUA_ERRMEM as c_int { ErrorKind::Memory } else { ErrorKind::Syntax };
        let message = self.parts.read(self.state, self.base + 2).map_or(Value::Nil, Value::into_owned);
        Error::from_lua(kind, message, None)
    }

    /// `[-0, +0, -]` Room for `LUA_MINSTACK` more values above the results.
    fn ensure_room(&self) -> Result<(), Error> {
        effect!(self.state, "[-0, +0, -]");
        let room = ffi::LUPA_MINSTACK as c_int;
        let mut operation = LupaOperation { number: room, ..bodies::blank() };
        // SAFETY: as in `protect`; the message handler is at base + 1.
        let status = unsafe { ffi::lupa_grow(self.state.as_ptr(), self.parts.c(), &raw mut operation, self.base + 1) };
        if status == ffi::LUA_OK as c_int && self.state.claim_room(room) {
            return Ok(());
        }
        Err(Error::of_kind(ErrorKind::Memory, "not enough memory"))
    }
}

impl Drop for Results<'_> {
    /// `[-(n+1), +0, -]`
    fn drop(&mut self) {
        self.state.drop_to(self.base);
        self.guard.check(self.state, 0);
    }
}
