//! The proof that this thread holds the GIL, and how it is given up and taken back around Lua code.

use std::marker::PhantomData;

use pyo3_ffi::{PyEval_SaveThread, PyThreadState};

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

/// Gives up the GIL; the result is what [`take`] needs to get it back.
pub(crate) fn release(_gil: Gil<'_>) -> *mut PyThreadState {
    // SAFETY: the token proves that this thread holds the GIL.
    unsafe { PyEval_SaveThread() }
}

#[cfg(unix)]
unsafe extern "C" {
    /// See `gil.c`.
    fn lupa_take_gil(state: *mut PyThreadState);
}

#[cfg(not(unix))]
use pyo3_ffi::PyEval_RestoreThread as lupa_take_gil;

/// How many bytes of this thread's C stack are left.
pub(crate) fn native_stack_left() -> usize {
    #[cfg(unix)]
    {
        unsafe extern "C" {
            /// See `native_stack.c`.
            safe fn lupa_native_stack_left() -> usize;
        }
        lupa_native_stack_left()
    }
    #[cfg(not(unix))]
    usize::MAX
}

/// Takes the GIL back with the thread state that [`release`] returned. Blocks, and never returns while Python exits.
///
/// # Safety
/// `state` is this thread's own, and the GIL is not held.
pub(crate) unsafe fn take<'py>(state: *mut PyThreadState) -> Gil<'py> {
    // SAFETY: promised by the caller.
    unsafe {
        lupa_take_gil(state);
        Gil::assume()
    }
}
