//! The crossing from Lua to Python: an entry of `lua/entries.h` asks, this module takes the GIL, runs Python, and leaves the
//! answer where C finds it. It returns to C in any case, so that an error can jump from there.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ffi::lua::{self as ffi, LupaRuntime, lua_State};
use crate::lua::guard::Guard;
use crate::lua::stack::Type;
use crate::py::error::{raise_system_error, take};
use crate::py::{Borrowed, Owned, Raised, gil, object};
use crate::shared;

use super::answers::Kind;
use super::crossing::Locked;
use super::errors;
use super::marshal::add_exception;
use super::runtime::Runtime;
use super::slots::Slots;

/// In a long run of Lua code, objects that wait to be released are released by callbacks once there are this many: a
/// callback may run any code anyway.
const MANY_RELEASES: usize = 64;

/// C has to push the answer.
const ANSWERED: c_int = -1;

/// What Lua asks of Python: called by the entries.
///
/// # Safety
/// `state` is the thread that runs, of the runtime behind `runtime`; this OS thread owns that runtime, without the GIL.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lupa_python(state: *mut lua_State, runtime: *mut LupaRuntime, request: c_int) -> c_int {
    // SAFETY: the owner of the C side is the runtime, which is alive while its code runs; the thread state was left by the
    // crossing that this entry is inside of.
    let (runtime, gil) = unsafe {
        let runtime: &Runtime = &*(*runtime).owner.cast();
        (runtime, gil::take(runtime.thread_state.get()))
    };
    let current = runtime.current.replace(state);
    let results = runtime.results.replace(0);
    let locked = Locked { runtime, gil };
    let guard = Guard::new(locked.state());
    let frame = (&raw const current).addr();
    runtime.answers.release_done(frame);
    locked.runtime.references.recycle(locked.state());
    let count = match catch_unwind(AssertUnwindSafe(|| handle(&locked, request as u32))) {
        Ok(Ok(slots)) => give(&locked, slots, frame),
        Ok(Err(raised)) => give_exception(&locked, raised, frame),
        Err(_) => give_exception(&locked, raise_system_error(gil, "lupa: internal error (a panic was caught)"), frame),
    };
    guard.check(locked.state(), count.max(0));
    runtime.collect_dead(gil);
    if runtime.waiting_releases() >= MANY_RELEASES {
        runtime.run_releases(gil);
    }
    runtime.current.set(current);
    runtime.results.set(results);
    runtime.thread_state.set(gil::release(gil));
    count
}

/// `[-0, +n, -]` Pushes plain values at once; leaves others to C.
fn give(locked: &Locked<'_>, mut slots: Slots, frame: usize) -> c_int {
    if slots.len() == 1 && slots.are_plain() {
        // SAFETY: the state is live and has room: entries keep LUA_MINSTACK free. Plain slots are pushed without raising.
        let found = unsafe { ffi::lupa_pushplain(locked.state().as_ptr(), &raw const slots.as_mut_slice()[0]) };
        if found != 0 {
            slots.settle();
            return 1;
        }
        locked.state().drop_to(locked.state().top() - 1);
    }
    answer(locked.runtime, slots, Kind::Return, frame)
}

/// Leaves the exception that is set as an error value for Lua.
fn give_exception(locked: &Locked<'_>, raised: Raised, frame: usize) -> c_int {
    let mut slots = Slots::new(locked.runtime);
    add_exception(&mut slots, take(locked.gil, raised));
    answer(locked.runtime, slots, Kind::Raise, frame)
}

fn answer(runtime: &Runtime, slots: Slots, kind: Kind, frame: usize) -> c_int {
    let place = runtime.answers.push(slots, kind, frame);
    // SAFETY: the runtime is locked; C reads the answer next.
    unsafe { (*runtime.shared_with_c.get()).answer = place };
    ANSWERED
}

/// The object that an entry works on, and its protocol.
struct Target {
    object: Owned,
    protocol: u32,
}

/// `[-0, +0, -]` The box at stack index 1, or the function that stands for one. Raises ReferenceError if it is finalized.
fn target(locked: &Locked<'_>) -> Result<Target, Raised> {
    // SAFETY: the state is live, C has checked the argument; a box lives while it is on the stack, its node owns the object.
    unsafe {
        let the_box = ffi::lupa_toobject(locked.state().as_ptr(), 1);
        match the_box.as_ref().and_then(|content| content.node.as_ref()) {
            Some(node) => Ok(Target { object: Borrowed::from_ptr(node.object.cast()).hold(), protocol: node.protocol }),
            None => Err(errors::raise_deleted_object(locked)),
        }
    }
}

/// Runs Python for one request; the values for Lua.
fn handle(locked: &Locked<'_>, request: u32) -> Result<Slots, Raised> {
    let mut slots = Slots::new(locked.runtime);
    match request {
        ffi::LUPA_ASK_ARGS => {
            let (positional, named) = locked.read_arguments(2)?;
            let arguments = shared::new_arguments(locked.gil, locked.runtime.shared, positional, named)?;
            slots.add_object(arguments, ffi::LUPA_ATTRIBUTES);
            return Ok(slots);
        }
        ffi::LUPA_ASK_OVERFLOW => {
            set_overflow_handler(locked)?;
            return Ok(slots);
        }
        _ => {}
    }
    let Target { object, protocol } = target(locked)?;
    match request {
        ffi::LUPA_ASK_CALL => {
            let result = locked.call_object(object.borrow())?;
            locked.marshal_result(&mut slots, &result)?;
        }
        ffi::LUPA_ASK_INDEX => {
            let value = locked.get_index(object.borrow(), protocol, locked.unmarshal(2)?)?;
            locked.marshal(&mut slots, value.borrow())?;
        }
        ffi::LUPA_ASK_NEWINDEX => {
            let (key, value) = (locked.unmarshal(2)?, locked.unmarshal(3)?);
            locked.set_index(object.borrow(), protocol, key, &value)?;
        }
        ffi::LUPA_ASK_TOSTRING => {
            let text = locked.object_text(object.borrow())?;
            slots.add_string(text.pointer, text.size, text.owner);
        }
        ffi::LUPA_ASK_ATTRIBUTES => slots.add_object(object, ffi::LUPA_ATTRIBUTES),
        ffi::LUPA_ASK_ITEMS => slots.add_object(object, ffi::LUPA_ITEMS),
        ffi::LUPA_ASK_ITER => locked.marshal_iterator(&mut slots, object.borrow(), 0)?,
        ffi::LUPA_ASK_ITEREX => locked.marshal_iterator(&mut slots, object.borrow(), ffi::LUPA_EXPLODE)?,
        ffi::LUPA_ASK_ENUMERATE => locked.marshal_iterator(&mut slots, object.borrow(), ffi::LUPA_COUNT)?,
        _ => locked.marshal_next(&mut slots, &object, protocol)?,
    }
    Ok(slots)
}

/// `[-0, +0, -]` Installs the handler at stack index 1.
fn set_overflow_handler(locked: &Locked<'_>) -> Result<(), Raised> {
    let handler = match locked.state().type_of(1) {
        Type::Nil => object::none(),
        _ => locked.unmarshal(1)?,
    };
    locked.set_overflow_handler(handler.borrow())
}
