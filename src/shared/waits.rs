//! Who waits for which lock: a thread waits for at most one, a lock has at most one owner. A wait that would close a cycle
//! is refused.
//!
//! A fork copies all of that, but only the thread that has forked. The child begins a graph of its own.

use std::ffi::{c_int, c_ulong, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use super::{Owner, Shared};
use crate::ffi::python::PyThread_get_thread_ident;

/// One waiting thread.
struct Wait {
    thread: usize,
    lock: *const Owner,
}

/// The waits of all runtimes of a process, and where the process comes from.
struct Process {
    waits: Mutex<Vec<Wait>>,
    /// The process that this one was forked from, or null.
    parent: *const Process,
    /// The thread that has forked, which alone goes on here.
    survivor: usize,
}

/// This process. The past ones stay, since locks compare them with the one that they were last used in.
static PROCESS: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Where a lock sees that the process was forked.
pub(super) fn process() -> *const AtomicPtr<c_void> {
    static BEGIN: Once = Once::new();
    BEGIN.call_once(|| {
        begin_process();
        #[cfg(unix)]
        // SAFETY: the function lives as long as the process, since Python unloads no modules.
        unsafe {
            pthread_atfork(None, None, Some(begin_process));
        }
    });
    &raw const PROCESS
}

/// Makes the graph of a process, in its only thread.
extern "C" fn begin_process() {
    // SAFETY: callable from any thread.
    let survivor = unsafe { PyThread_get_thread_ident() as usize };
    let parent = PROCESS.load(Ordering::Acquire).cast_const().cast();
    let process = Box::new(Process { waits: Mutex::new(Vec::new()), parent, survivor });
    PROCESS.store(Box::into_raw(process).cast(), Ordering::Release);
}

#[cfg(unix)]
unsafe extern "C" {
    /// Registers what runs before a fork, and after it in the parent and in the child.
    fn pthread_atfork(
        before: Option<unsafe extern "C" fn()>,
        in_parent: Option<unsafe extern "C" fn()>,
        in_child: Option<unsafe extern "C" fn()>,
    ) -> c_int;
}

fn waits() -> MutexGuard<'static, Vec<Wait>> {
    // SAFETY: set when the module was imported; never freed.
    let process: &Process = unsafe { &*PROCESS.load(Ordering::Acquire).cast_const().cast() };
    process.waits.lock().unwrap_or_else(PoisonError::into_inner)
}

fn owner_of(lock: *const Owner) -> usize {
    // SAFETY: somebody waits or is about to wait for the lock, and keeps its runtime alive.
    unsafe { (*lock).load(Ordering::Acquire) }
}

/// Would `thread` wait for itself if it waited for `lock`?
fn closes_cycle(waits: &[Wait], thread: usize, lock: *const Owner) -> bool {
    let mut owner = owner_of(lock);
    // Each step follows another wait, so that a chain longer than the list has left it meanwhile.
    for _ in 0..=waits.len() {
        if owner == thread {
            return true;
        }
        match waits.iter().find(|wait| wait.thread == owner) {
            Some(wait) => owner = owner_of(wait.lock),
            None => return false,
        }
    }
    false
}

/// See [`Shared::wait`].
///
/// # Safety
/// `lock` stays alive until [`wake`].
pub(super) unsafe extern "C" fn wait(_shared: *const Shared, thread: c_ulong, lock: *const Owner) -> c_int {
    let thread = thread as usize;
    let mut waits = waits();
    if closes_cycle(&waits, thread, lock) {
        return 1;
    }
    waits.push(Wait { thread, lock });
    0
}

/// See [`Shared::wake`].
pub(super) unsafe extern "C" fn wake(_shared: *const Shared, thread: c_ulong) {
    waits().retain(|wait| wait.thread != thread as usize);
}

/// See [`Shared::survived`].
///
/// # Safety
/// `since` is a value that [`process`] has had.
pub(super) unsafe extern "C" fn survived(_shared: *const Shared, thread: c_ulong, since: *const c_void) -> c_int {
    let mut process: *const Process = PROCESS.load(Ordering::Acquire).cast_const().cast();
    while process != since.cast() {
        // SAFETY: a process and its ancestors are never freed, and `since` is one of them.
        let forked = unsafe { &*process };
        if forked.survivor != thread as usize {
            return 0;
        }
        process = forked.parent;
    }
    1
}
