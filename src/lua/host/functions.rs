//! Functions of Rust that Lua calls. In Lua such a function is one of C (`lupa_entry_function`) with a box, whose object is the function.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use crate::ffi::lua::{self as ffi, LupaBox, LupaRuntime, lua_State};

use super::error::Error;
use super::frame::Frame;
use super::runtime::Parts;
use super::value::Value;
use crate::lua::State;
use crate::lua::guard::Guard;

type Function = dyn Fn(&mut Frame<'_>) -> Result<Vec<Value<'static>>, Error>;

/// There is an error value on the top, for C to raise.
const RAISED: c_int = -1;

/// The object of the box of a function.
pub(super) fn into_object<F>(function: F) -> *mut c_void
where
    F: Fn(&mut Frame<'_>) -> Result<Vec<Value<'static>>, Error> + 'static,
{
    let function: Rc<Function> = Rc::new(function);
    Box::into_raw(Box::new(function)).cast()
}

/// Takes the object back.
///
/// # Safety
/// `object` comes from [`into_object`], and nobody else takes it back.
pub(super) unsafe fn from_object(object: *mut c_void) -> Box<Rc<Function>> {
    // SAFETY: promised by the caller.
    unsafe { Box::from_raw(object.cast()) }
}

/// `[-0, +handler+n, -]` What Lua asks of Rust: called by the entries of `lua/entries.h`, which raise the error after this has returned.
///
/// # Safety
/// `state` is the thread that runs, of the runtime behind `runtime`, in this OS thread. `the_box` is null or a box that lies on
/// the stack.
#[unsafe(no_mangle)]
unsafe extern "C" fn lupa_host(
    state: *mut lua_State,
    runtime: *mut LupaRuntime,
    the_box: *mut LupaBox,
    request: c_int,
) -> c_int {
    // SAFETY: the owner of the C side are the parts, which are alive while their code runs.
    let (parts, state) = unsafe { (&*(*runtime).owner.cast::<Parts>(), State::new(state)) };
    let base = state.top();
    // The function may put another frame in the place of the one that it gets.
    let new_frame = || Frame::new(parts, state, base, base - 1);
    let guard = Guard::new(state);
    parts.references.recycle(state);
    // SAFETY: promised by the caller.
    let function = unsafe { function_of(the_box, request) };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let values = function.ok_or_else(|| Error::new("there is no such function any more"))?(&mut new_frame())?;
        new_frame().give(&values)
    }));
    let error = match outcome {
        Ok(Ok(count)) => {
            guard.check(state, 1 + count);
            return count;
        }
        Ok(Err(error)) => error,
        Err(_) => Error::new("a function of Rust has panicked"),
    };
    new_frame().leave_error(&error);
    guard.check(state, 2);
    // SAFETY: C reads its side next.
    unsafe { parts.raise_in(runtime) };
    RAISED
}

/// The function in a box; it stays alive although a script may finalize the box meanwhile.
///
/// # Safety
/// `the_box` is null or a box that lies on the stack.
unsafe fn function_of(the_box: *mut LupaBox, request: c_int) -> Option<Rc<Function>> {
    if request != ffi::LUPA_ASK_CALL as c_int {
        return None;
    }
    // SAFETY: promised by the caller; all nodes have objects of `into_object`.
    unsafe {
        let node = the_box.as_ref()?.node.as_ref()?;
        Some(Rc::clone(&*node.object.cast::<Rc<Function>>()))
    }
}
