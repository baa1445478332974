//! The beginning and the end of a Lua state.

use crate::ffi::python::PyObject;
use crate::lua::guard::effect;

use crate::ffi::lua as ffi;
use crate::lua::life;
use crate::lua::memory::Scope;
use crate::py::error::raise;
use crate::py::{Borrowed, Gil, Owned, Raised, call, gil};

use super::crossing::Locked;
use super::errors;
use super::operation::Operation;
use super::options::OverflowHandler;
use super::runtime::{Phase, Runtime};

/// Which parts of Python the `python` table offers.
#[derive(Clone, Copy)]
pub(crate) struct Registered {
    pub(crate) eval: bool,
    pub(crate) builtins: bool,
}

/// `[-0, +0, -]` Creates the state of a new runtime, and opens its libraries.
pub(crate) fn open(gil: Gil<'_>, runtime: &Runtime, registered: Registered, seed: Option<u32>) -> Result<(), Raised> {
    // SAFETY: the memory belongs to the runtime, which lives as long as its state.
    let state = unsafe {
        match runtime.memory.as_deref() {
            None => life::new_usual_state(&runtime.blocks, runtime.shared_with_c.get()),
            memory => life::new_state(memory, seed),
        }
    };
    if state.is_null() {
        return Err(raise_no_state(gil, runtime));
    }
    runtime.main.set(state);
    runtime.current.set(state);
    runtime.lock.acquire(gil)?;
    let result = open_libraries(&Locked { runtime, gil }, registered);
    // Tables that have grown meanwhile have left blocks that may not be wanted again.
    runtime.blocks.give_back();
    runtime.phase.set(Phase::Open);
    let _free = runtime.lock.release(gil);
    result
}

/// Raises why there is no state: no memory, or a Lua that takes no allocator.
fn raise_no_state(gil: Gil<'_>, runtime: &Runtime) -> Raised {
    if !runtime.memory.as_ref().is_some_and(|memory| memory.is_untouched()) {
        return raise(gil, runtime.shared.lua_memory_error, "Failed to initialise Lua runtime");
    }
    let message = "Failed to initialise Lua runtime: max_memory and string_hash_seed need an allocator of their own, which \
                   this LuaJIT does not accept";
    raise(gil, runtime.shared.lua_error, message)
}

/// `[-0, +0, -]` Opens the standard libraries and the `python` table.
fn open_libraries(locked: &Locked<'_>, registered: Registered) -> Result<(), Raised> {
    effect!(locked.state(), "[-0, +0, -]");
    let Locked { runtime, gil } = *locked;
    let mut operation = Operation::new(runtime);
    // SAFETY: None is immortal.
    operation
        .slots
        .add_object(unsafe { Borrowed::from_ptr(crate::ffi::python::Py_None()) }.hold(), ffi::LUPA_ATTRIBUTES);
    let builtins = call::import(gil, c"builtins")?;
    if registered.eval {
        operation.slots.add_object(call::attribute(gil, builtins.borrow(), c"eval")?, ffi::LUPA_ATTRIBUTES);
    } else {
        operation.slots.add_nil();
    }
    if registered.builtins {
        operation.slots.add_object(builtins, ffi::LUPA_ATTRIBUTES);
    } else {
        operation.slots.add_nil();
    }
    let state = locked.state();
    let top = state.top();
    let for_c = operation.ready();
    let saved = gil::release(gil);
    // SAFETY: the new state is ours alone; nothing raises out of the C function. No entry runs yet.
    let status = unsafe {
        let status = ffi::lupa_openstate(state.as_ptr(), runtime.shared_with_c.get(), for_c);
        gil::take(saved);
        status
    };
    operation.slots.settle();
    let result = if status == ffi::LUA_OK as i32 {
        Ok(())
    } else {
        Err(errors::raise_from_lua(locked, status, operation.for_c.failure as u32))
    };
    state.drop_to(top);
    result?;
    locked.reserve(1)?;
    if let Some(memory) = &runtime.memory {
        memory.set_base();
    }
    Ok(())
}

/// `[-*, +0, -]` Closes the state: finalizers run, and may call Python. Nobody else can use the runtime meanwhile.
pub(crate) fn close(gil: Gil<'_>, runtime: &Runtime) {
    let state = runtime.main.get();
    if state.is_null() || matches!(runtime.phase.get(), Phase::Closing | Phase::Closed) {
        return;
    }
    runtime.phase.set(Phase::Closing);
    runtime.note_change();
    if let Some(memory) = &runtime.memory {
        memory.set_limit(0, Scope::Total);
    }
    runtime.current.set(state);
    runtime.blocks.let_go();
    runtime.keeper.give_up_now(gil);
    // SAFETY: the state is live, nobody uses it; entries that finalizers call come back to Python and leave it again.
    unsafe {
        ffi::lupa_closestate(state, runtime.shared_with_c.get());
        runtime.enter_python();
    }
    runtime.main.set(std::ptr::null_mut());
    runtime.current.set(std::ptr::null_mut());
    runtime.phase.set(Phase::Closed);
    forget_everything(gil, runtime);
}

/// Releases what the closed state held.
fn forget_everything(gil: Gil<'_>, runtime: &Runtime) {
    runtime.answers.truncate(0);
    runtime.strings.clear();
    // SAFETY: the state is closed: no box refers to a node any more, and the queue is not read again.
    unsafe { (*runtime.shared_with_c.get()).dead = std::ptr::null_mut() };
    while let Some(object) = runtime.boxes.pop() {
        // SAFETY: a node owns its object.
        drop(unsafe { Owned::from_optional(object.cast::<PyObject>()) });
    }
    runtime.options.overflow_handler.replace(OverflowHandler::None);
    runtime.run_releases(gil);
}
