//! A Lua state that belongs to a program in Rust.

use std::cell::{Cell, UnsafeCell};
use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr;
use std::rc::Rc;

use crate::ffi::lua::{self as ffi, LupaAnswer, LupaRuntime, lua_State};

use super::error::{Error, ErrorKind};
use super::frame::Frame;
use super::functions;
use super::value::{Object, Value};
use crate::lua::State;
use crate::lua::bodies;
use crate::lua::boxes::Boxes;
use crate::lua::guard::effect;
use crate::lua::life;
use crate::lua::memory::{Allocator, Memory, Scope};
use crate::lua::references::References;
use crate::lua::traceback::take_traceback;

/// How a [`Runtime`] gets its memory.
#[derive(Default)]
pub struct Options {
    limit: usize,
    allocator: Option<Box<dyn Allocator>>,
    counts: bool,
}

impl Options {
    /// The allocator of the C library, which Lua calls itself; nothing is counted.
    pub fn new() -> Options {
        Options::default()
    }

    /// No more than so many bytes for scripts, not counting what the state needs before the first of them runs. 0 is no limit,
    /// but counts.
    pub fn limit(mut self, bytes: usize) -> Options {
        self.limit = bytes;
        self.counts = true;
        self
    }

    /// Memory from another allocator.
    pub fn allocator(mut self, allocator: impl Allocator + 'static) -> Options {
        self.allocator = Some(Box::new(allocator));
        self.counts = true;
        self
    }
}

/// A Lua state with all standard libraries. It is closed when it is dropped; finalizers of Lua (`__gc`) run then.
///
/// A runtime stays in its thread. Scripts are as powerful as their libraries: with `debug`, `ffi`, `package.loadlib` or compiled
/// chunks they can do anything to the process.
pub struct Runtime {
    // The parts point to each other and stay where they are.
    parts: Rc<Parts>,
}

/// What operations and functions share.
pub(super) struct Parts {
    for_c: UnsafeCell<LupaRuntime>,
    main: Cell<*mut lua_State>,
    /// What an error of a function of Rust is for C: the value lies on the stack.
    raise: UnsafeCell<LupaAnswer>,
    /// Operations that find this height start from it.
    base: Cell<c_int>,
    pub(super) references: Rc<References>,
    pub(super) boxes: Boxes,
    pub(super) memory: Option<Box<Memory>>,
    no_memory: Cell<c_int>,
    /// Functions of Rust belong to a thread.
    _thread: PhantomData<*mut ()>,
}

/// How many registry slots are reserved at once.
const RESERVE: usize = 16;

impl Runtime {
    /// `[-0, +0, -]` A new state (`luaL_newstate`, `luaL_openlibs`) in the memory of the C library.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`].
    pub fn new() -> Result<Runtime, Error> {
        Runtime::with(Options::new())
    }

    /// `[-0, +0, -]` A new state (`lua_newstate`, `luaL_openlibs`). A LuaJIT that was given a limit or an allocator interprets
    /// only, since its compiler does not survive a refused request.
    ///
    /// # Errors
    /// [`ErrorKind::Memory`], [`ErrorKind::NoAllocator`].
    pub fn with(options: Options) -> Result<Runtime, Error> {
        let runtime = Runtime { parts: Parts::new(options.counts.then(|| Memory::new(options.allocator))) };
        runtime.parts.open()?;
        if let Some(memory) = &runtime.parts.memory {
            memory.set_base();
            memory.set_limit(options.limit, Scope::Own);
        }
        Ok(runtime)
    }

    /// `[-0, +0, -]` Access to the state, for operations.
    pub fn enter(&mut self) -> Frame<'_> {
        Frame::new(&self.parts, self.parts.state(), self.parts.base.get(), 0)
    }

    /// `[-0, +0, -]` How many bytes Lua uses, not counting those of the empty state. 0 where nothing is counted.
    pub fn memory_used(&self) -> usize {
        self.parts.memory.as_ref().map_or(0, |memory| memory.used(Scope::Own))
    }
}

impl Drop for Runtime {
    /// `[-*, +0, -]`
    fn drop(&mut self) {
        self.parts.close();
    }
}

impl Parts {
    fn new(memory: Option<Box<Memory>>) -> Rc<Parts> {
        // SAFETY: for plain C data, all zero is the empty state.
        let for_c: LupaRuntime = unsafe { std::mem::zeroed() };
        let raise = LupaAnswer { slots: ptr::null_mut(), count: 0, raise: 1, done: 0 };
        let parts = Rc::new(Parts {
            for_c: UnsafeCell::new(for_c),
            main: Cell::new(ptr::null_mut()),
            raise: UnsafeCell::new(raise),
            base: Cell::new(0),
            references: Rc::default(),
            boxes: Boxes::new(),
            memory,
            no_memory: Cell::new(0),
            _thread: PhantomData,
        });
        let owner = Rc::as_ptr(&parts).cast_mut().cast();
        // SAFETY: what an Rc holds does not move, and the parts live as long as each other.
        unsafe {
            life::connect(parts.c(), owner, parts.memory.as_deref(), &raw const parts.boxes, &parts.no_memory);
        }
        parts
    }

    pub(super) fn c(&self) -> *mut LupaRuntime {
        self.for_c.get()
    }

    /// Tells C that the value on the top is to be raised.
    ///
    /// # Safety
    /// Nobody else uses the C side now.
    pub(super) unsafe fn raise_in(&self, c: *mut LupaRuntime) {
        // SAFETY: promised by the caller; the answer lives as long as the runtime.
        unsafe { (*c).answer = self.raise.get() };
    }

    /// The main thread of the state, which is open.
    fn state(&self) -> State {
        // SAFETY: a runtime that could not be opened is not given to anyone; it belongs to this thread.
        unsafe { State::new(self.main.get()) }
    }

    /// `[-0, +0, -]`
    fn open(&self) -> Result<(), Error> {
        // SAFETY: the memory lives as long as the state.
        let state = unsafe { life::new_state(self.memory.as_deref(), None) };
        if state.is_null() {
            return Err(no_state(self.memory.as_deref()));
        }
        self.main.set(state);
        let state = self.state();
        effect!(state, "[-0, +0, -]");
        let base = state.top();
        let mut operation = bodies::blank();
        // SAFETY: the state is new and ours; nothing raises out of the C function.
        let status = unsafe { ffi::lupa_openstate(state.as_ptr(), self.c(), &raw mut operation) };
        let result = match status {
            status if status == ffi::LUA_OK as c_int => Ok(()),
            status => Err(self.error_at_top(state, status, ffi::LUPA_NO_FAILURE)),
        };
        state.drop_to(base);
        self.base.set(base);
        result?;
        self.reserve(state)
    }

    /// `[-*, +0, -]`
    fn close(&self) {
        let state = self.main.get();
        if state.is_null() {
            return;
        }
        if let Some(memory) = &self.memory {
            memory.set_limit(0, Scope::Total);
        }
        // SAFETY: the state is open; nobody uses it. Finalizers may call functions of Rust, whose boxes are alive until then.
        unsafe { ffi::lupa_closestate(state, self.c()) };
        self.main.set(ptr::null_mut());
        while let Some(function) = self.boxes.pop() {
            // SAFETY: all objects of these boxes are functions of Rust; no box refers to a node any more.
            drop(unsafe { functions::from_object(function) });
        }
    }

    /// Drops the functions whose boxes were collected.
    pub(super) fn drop_dead(&self) {
        let c = self.c();
        // SAFETY: the queue belongs to this thread; its nodes are on the list, and their boxes have let go of them.
        unsafe {
            while !(*c).dead.is_null() {
                let node = (*c).dead;
                (*c).dead = (*node).next_dead;
                drop(functions::from_object(self.boxes.unlink(node)));
            }
        }
    }

    /// `[-0, +0, -]` Makes sure that registry slots are free.
    pub(super) fn reserve(&self, state: State) -> Result<(), Error> {
        effect!(state, "[-0, +0, -]");
        if self.references.available() > 0 {
            return Ok(());
        }
        let base = state.top();
        let mut slots = [0; RESERVE];
        let mut operation = bodies::blank();
        operation.number = RESERVE as c_int;
        operation.references = slots.as_mut_ptr();
        // SAFETY: the state is ours; nothing raises out of the C function; the operation outlives the call.
        let status =
            unsafe { ffi::lupa_protect(state.as_ptr(), self.c(), bodies::Body::Reserve as c_int, &raw mut operation) };
        // The body counts what it has reserved, also when it is left by an error.
        self.references.add(&slots[..usize::try_from(operation.count).unwrap_or(0)]);
        let result = match status {
            status if status == ffi::LUA_OK as c_int => Ok(()),
            status => Err(self.error_at_top(state, status, operation.failure as u32)),
        };
        state.drop_to(base);
        result
    }

    /// `[-0, +0, -]` What a call has ended with: its status, with the error value on the top.
    pub(super) fn error_at_top(&self, state: State, status: c_int, failure: u32) -> Error {
        effect!(state, "[-0, +0, -]");
        // SAFETY: C does not change its side now.
        let slot = unsafe { (*self.c()).traceback };
        let traceback = if slot == 0 { None } else { take_traceback(state, slot) };
        match failure {
            ffi::LUPA_LOST_REFERENCE => return Error::of_kind(ErrorKind::LostReference, "lost reference"),
            ffi::LUPA_NO_ROOM => return Error::of_kind(ErrorKind::Memory, "not enough memory"),
            ffi::LUPA_NO_REQUIRE => return Error::new("require is not defined"),
            _ => {}
        }
        let kind = if status == ffi::LUA_ERRMEM as c_int { ErrorKind::Memory } else { ErrorKind::Script };
        let value = self.read(state, state.top()).map_or(Value::Nil, Value::into_owned);
        Error::from_lua(kind, value, traceback)
    }

    /// `[-0, +0, -]` The value at a positive `index`; None where an object finds no free registry slot. Its bytes are good for as
    /// long as the value stays on the stack.
    pub(super) fn read<'a>(&self, state: State, index: c_int) -> Option<Value<'a>> {
        effect!(state, "[-0, +0, -]");
        use crate::lua::stack::{Number, Type};
        Some(match state.type_of(index) {
            Type::Nil => Value::Nil,
            Type::Boolean => Value::Boolean(state.read_boolean(index)),
            Type::Number => match state.read_number(index) {
                Number::Integer(value) => Value::Integer(value),
                Number::Float(value) => Value::Number(value),
            },
            Type::String => Value::String(state.read_string(index).into()),
            _ => Value::Object(Object::new(self.references.take(state, index)?, &self.references)),
        })
    }

    /// `[-0, +0, -]` Likewise, with room for an object.
    pub(super) fn read_with_room<'a>(&self, state: State, index: c_int) -> Result<Value<'a>, Error> {
        effect!(state, "[-0, +0, -]");
        if state.type_of(index).stays_in_lua() {
            self.reserve(state)?;
        }
        self.read(state, index).ok_or_else(|| Error::of_kind(ErrorKind::LostReference, "lost reference"))
    }
}

/// Why there is no state.
fn no_state(memory: Option<&Memory>) -> Error {
    if memory.is_some_and(Memory::is_untouched) {
        return Error::of_kind(ErrorKind::NoAllocator, "this Lua takes no allocator");
    }
    Error::of_kind(ErrorKind::Memory, "not enough memory")
}
