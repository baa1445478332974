//! A runtime: one Lua state, its lock, and what Python and Lua hold of each other.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ffi::c_int;
use std::ptr;

use crate::ffi::python::{Py_REFCNT, PyObject, PyTypeObject};

use crate::ffi::lua::{LupaRuntime, lua_State};
use crate::lua::State;
use crate::lua::blocks::Blocks;
use crate::lua::boxes::Boxes;
use crate::lua::life;
use crate::lua::memory::Memory;
use crate::lua::references::References;
use crate::py::spare::Spare;
use crate::py::{Gil, Owned};
use crate::shared::{Keeper, Shared};

use super::answers::Answers;
use super::lock::Lock;
use super::options::Options;
use super::protocols::Protocols;
use super::strings::Strings;
use super::walk::HandedKey;
use super::wrapper::WrapperTypes;

/// How far the life of a runtime has got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// The constructor runs, or has failed.
    Opening,
    Open,
    /// `lua_close` runs: finalizers may call Python, but nothing new can refer to the runtime.
    Closing,
    Closed,
}

/// The Python object.
#[repr(C)]
pub(crate) struct RuntimeObject {
    pub(crate) base: PyObject,
    pub(crate) weakrefs: *mut PyObject,
    /// Owned; null until the constructor has made it.
    pub(crate) runtime: *mut Runtime,
}

/// See the module. Its fields are touched with the GIL held, and but for the lock itself and the registry slots that
/// wrappers give up, by the owner of the lock only.
pub(crate) struct Runtime {
    /// The part that C sees.
    pub(crate) shared_with_c: UnsafeCell<LupaRuntime>,
    /// The main thread of the state; null unless open or closing.
    pub(crate) main: Cell<*mut lua_State>,
    /// The thread that operations use: the main one, or the coroutine whose callback runs.
    pub(crate) current: Cell<*mut lua_State>,
    pub(crate) phase: Cell<Phase>,
    pub(crate) lock: Lock,
    /// How many crossings are nested now.
    pub(crate) depth: Cell<u32>,
    /// Counts what may have changed tables: as long as it stays, no key has gone.
    pub(crate) changes: Cell<usize>,
    /// How many values lie on the stack in the frame of the current entry, or of the host, while Python code may run: results
    /// with their message handlers, and what a short way reads.
    pub(crate) held: Cell<c_int>,
    /// How many `nogc` blocks are active.
    pub(crate) collector_stops: Cell<u32>,
    /// Whether the thread that runs Lua code now has the GIL, and what takes it back if not.
    pub(crate) keeper: Keeper,
    pub(crate) references: References,
    pub(crate) boxes: Boxes,
    pub(crate) answers: Answers,
    pub(crate) strings: Strings,
    pub(crate) handed_key: Cell<HandedKey>,
    pub(crate) protocols: Protocols,
    /// Wrappers of tables, functions and objects that were released.
    tables: Spare,
    functions: Spare,
    others: Spare,
    /// Objects that are to be released when no lock is held.
    releases: RefCell<Vec<Owned>>,
    /// Small blocks that Lua has freed, for a runtime without counters.
    pub(crate) blocks: Blocks,
    /// The counters, if the runtime has an allocator of its own.
    pub(crate) memory: Option<Box<Memory>>,
    /// Where C finds the switch of the allocator, if there is none.
    no_memory: Cell<c_int>,
    pub(crate) options: Options,
    pub(crate) types: WrapperTypes,
    pub(crate) shared: &'static Shared,
    /// The Python object that owns this.
    pub(crate) object: *mut PyObject,
}

impl Runtime {
    /// A runtime without a state.
    pub(crate) fn new(
        object: *mut PyObject,
        options: Options,
        memory: Option<Box<Memory>>,
        types: WrapperTypes,
        shared: &'static Shared,
    ) -> Box<Runtime> {
        // SAFETY: for plain C data, all zero is the empty state.
        let shared_with_c: LupaRuntime = unsafe { std::mem::zeroed() };
        let runtime = Box::new(Runtime {
            shared_with_c: UnsafeCell::new(shared_with_c),
            main: Cell::new(ptr::null_mut()),
            current: Cell::new(ptr::null_mut()),
            phase: Cell::new(Phase::Opening),
            lock: Lock::new(shared),
            depth: Cell::new(0),
            changes: Cell::new(0),
            held: Cell::new(0),
            collector_stops: Cell::new(0),
            keeper: Keeper::new(),
            references: References::default(),
            boxes: Boxes::new(),
            answers: Answers::default(),
            strings: Strings::default(),
            handed_key: Cell::new(HandedKey::NONE),
            protocols: Protocols::default(),
            tables: Spare::default(),
            functions: Spare::default(),
            others: Spare::default(),
            releases: RefCell::new(Vec::new()),
            blocks: Blocks::new(),
            memory,
            no_memory: Cell::new(0),
            options,
            types,
            shared,
            object,
        });
        let owner = (&raw const *runtime).cast_mut().cast();
        // SAFETY: nobody else knows the new runtime; a box does not move what it holds.
        unsafe {
            let c = runtime.shared_with_c.get();
            life::connect(c, owner, runtime.memory.as_deref(), &raw const runtime.boxes, &runtime.no_memory);
            (*c).mode = runtime.options.mode.as_ref().map_or(ptr::null(), |mode| mode.as_ptr());
            if let Some(libraries) = runtime.options.libraries {
                (*c).selects_libraries = 1;
                (*c).libraries = libraries.set;
                (*c).only_harmless = c_int::from(libraries.only_harmless);
            }
        }
        runtime
    }

    /// The way into Lua, of the thread that has locked the runtime: the GIL is given up, or kept if that is for a short time.
    #[inline]
    pub(crate) fn leave_python(&self, gil: Gil<'_>) {
        self.keeper.leave_python(gil, self.shared, self.lock.owner());
    }

    /// The way back.
    ///
    /// # Safety
    /// This thread has left Python for this runtime, and was not back since.
    #[inline]
    pub(crate) unsafe fn enter_python<'py>(&self) -> Gil<'py> {
        // SAFETY: promised by the caller.
        unsafe { self.keeper.enter_python(self.shared) }
    }

    /// The released wrappers of a type, where such wrappers are kept.
    #[inline]
    pub(crate) fn spare_wrappers(&self, class: *mut PyTypeObject) -> Option<&Spare> {
        if class == self.types.table {
            Some(&self.tables)
        } else if class == self.types.function {
            Some(&self.functions)
        } else if class == self.types.object {
            Some(&self.others)
        } else {
            None
        }
    }

    /// What the released wrappers refer to, for the collector.
    pub(crate) fn visit_spare_wrappers(&self, mut visit: impl FnMut(*mut PyObject) -> i32) -> i32 {
        [&self.tables, &self.functions, &self.others]
            .iter()
            .map(|spare| spare.visit(&mut visit))
            .find(|&result| result != 0)
            .unwrap_or(0)
    }

    /// Notes that tables may have changed.
    pub(crate) fn note_change(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
    }

    /// The thread that operations use now.
    pub(crate) fn state(&self) -> State {
        // SAFETY: asked only by who has locked the runtime while it has a state.
        unsafe { State::new(self.current.get()) }
    }

    /// Releases an object: at once if others hold it too, otherwise when no lock is held, since its finalizer may do
    /// anything.
    #[inline]
    pub(crate) fn release(&self, object: Owned) {
        // SAFETY: the object is alive.
        if unsafe { Py_REFCNT(object.as_ptr()) } == 1 {
            self.releases.borrow_mut().push(object);
        }
    }

    /// Moves the objects of finalized boxes to the list of releases. Needs the lock.
    #[inline]
    pub(crate) fn collect_dead(&self, gil: Gil<'_>) {
        // SAFETY: the queue belongs to the owner of the lock, and Lua does not run now.
        if unsafe { !(*self.shared_with_c.get()).dead.is_null() } {
            self.unlink_dead(gil);
        }
    }

    #[cold]
    fn unlink_dead(&self, _gil: Gil<'_>) {
        let c = self.shared_with_c.get();
        // SAFETY: the queue belongs to the owner of the lock, and Lua does not run now. Its nodes are on the list of
        // boxes, and their boxes have let go of them.
        unsafe {
            while !(*c).dead.is_null() {
                let node = (*c).dead;
                (*c).dead = (*node).next_dead;
                if let Some(object) = Owned::from_optional(self.boxes.unlink(node).cast()) {
                    self.release(object);
                }
            }
        }
    }

    /// How many objects wait to be released.
    #[inline]
    pub(crate) fn waiting_releases(&self) -> usize {
        self.releases.borrow().len()
    }

    /// Releases the waiting objects; any code may run.
    #[inline]
    pub(crate) fn run_releases(&self, _gil: Gil<'_>) {
        if self.waiting_releases() > 0 {
            self.run_waiting_releases();
        }
    }

    #[cold]
    fn run_waiting_releases(&self) {
        while self.waiting_releases() > 0 {
            drop(self.releases.take());
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // SAFETY: nobody uses the runtime any more.
        unsafe { (self.shared.forget)(&raw const self.keeper) };
    }
}

/// Native code that nobody here knows is about to come in: called by `lua/unknown.h`, while Lua runs.
///
/// # Safety
/// The runtime is the one that runs in this thread.
#[cfg(lupa_sees_unknown)]
#[unsafe(no_mangle)]
unsafe extern "C" fn lupa_trust_nobody(runtime: *mut LupaRuntime) {
    // SAFETY: the owner of the C side is the runtime, which is alive while its code runs.
    let runtime: &Runtime = unsafe { &*(*runtime).owner.cast() };
    runtime.keeper.trust_nobody(runtime.shared);
    runtime.blocks.let_go();
}
