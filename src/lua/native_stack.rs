//! The C stack of this thread. Calls between the host and Lua nest on it.

/// How many bytes of this thread's C stack are left.
pub(crate) fn native_stack_left() -> usize {
    #[cfg(unix)]
    // SAFETY: it only looks at the thread that calls.
    unsafe {
        crate::ffi::lua::lupa_native_stack_left()
    }
    #[cfg(not(unix))]
    usize::MAX
}
