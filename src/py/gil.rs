//! The proof that this thread holds the GIL, and how it is given up and taken back around Lua code.

use std::marker::PhantomData;

use crate::ffi::python::{PyEval_RestoreThread, PyEval_SaveThread, PyThreadState};
use crate::trace;

/// The GIL is held by this thread. Zero-sized; made where Python calls us and where an entry takes the GIL back.
#[derive(Clone, Copy)]
pub(crate) struct Gil<'py>(PhantomData<&'py mut *mut ()>);

impl Gil<'_> {
    /// States that the GIL is held.
    ///
    /// # Safety
    /// This thread holds the GIL, and goes on holding it for as long as the token is used.
    pub(crate) unsafe fn assume() -> Self {
        Gil(PhantomData)
    }
}

/// Gives up the GIL; the result is what [`take`] needs to get it back. While Python exits the GIL is kept, and the result is
/// null: nobody else wants it, and before CPython 3.12 the main thread would be stopped like any other if it asked for the GIL
/// in a subinterpreter that ends then.
pub(crate) fn release(gil: Gil<'_>) -> *mut PyThreadState {
    if is_finalizing(gil) {
        return std::ptr::null_mut();
    }
    trace::note!("the GIL is given up");
    // SAFETY: the token proves that this thread holds the GIL.
    unsafe { PyEval_SaveThread() }
}

/// Does Python exit? Then no other thread comes back to Python.
pub(crate) fn is_finalizing(_gil: Gil<'_>) -> bool {
    #[cfg(unix)]
    {
        unsafe extern "C" {
            /// See `gil.c`.
            safe fn lupa_is_finalizing() -> std::ffi::c_int;
        }
        lupa_is_finalizing() != 0
    }
    #[cfg(not(unix))]
    false
}

/// Takes the GIL back with the thread state that [`release`] returned. Blocks, and never returns while Python exits.
///
/// # Safety
/// `state` comes from this thread's last [`release`], and the GIL was not taken since.
pub(crate) unsafe fn take<'py>(state: *mut PyThreadState) -> Gil<'py> {
    // SAFETY: promised by the caller; null says that the GIL was kept.
    unsafe {
        if !state.is_null() {
            PyEval_RestoreThread(state);
            trace::note!("the GIL is taken");
        }
        Gil::assume()
    }
}
