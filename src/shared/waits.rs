//! Who waits for which lock: a thread waits for at most one, a lock has at most one owner. A wait that would close a cycle
//! is refused.

use std::ffi::{c_int, c_ulong};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::{Owner, Shared};

/// One waiting thread.
struct Wait {
    thread: usize,
    lock: *const Owner,
}

// SAFETY: the pointer is only followed while the thread waits, and then the lock's runtime is alive.
unsafe impl Send for Wait {}

/// The waits of all runtimes of the process.
static WAITS: Mutex<Vec<Wait>> = Mutex::new(Vec::new());

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
    let mut waits = WAITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if closes_cycle(&waits, thread, lock) {
        return 1;
    }
    waits.push(Wait { thread, lock });
    0
}

/// See [`Shared::wake`].
pub(super) unsafe extern "C" fn wake(_shared: *const Shared, thread: c_ulong) {
    let mut waits = WAITS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    waits.retain(|wait| wait.thread != thread as usize);
}
