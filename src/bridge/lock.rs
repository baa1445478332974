//! The lock of a runtime: recursive, fair to those who wait long, and never waited for with the GIL held.
//!
//! Its state changes only with the GIL held, so that taking and giving back a free lock costs two memory accesses. A thread
//! that waits sleeps on a lock of its own, which a signal interrupts.
//!
//! Who holds the lock may be gone: in the child of a fork there is one thread only, and while Python exits the other threads
//! do not come back. Then waiting is an error.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::ffi::python::{PyErr_CheckSignals, PyThread_get_thread_ident};

use crate::ffi::python::{
    PY_LOCK_INTR, PyThread_acquire_lock_timed, PyThread_allocate_lock, PyThread_free_lock, PyThread_release_lock,
    ThreadLock,
};
use crate::py::error::{check, raise_no_memory, raise_runtime_error};
use crate::py::{Gil, Raised, gil};
use crate::shared::{Owner, Shared};
use crate::trace;

/// Who has waited for so long gets the lock handed over; others have to be quick.
const PATIENCE: Duration = Duration::from_millis(5);

/// The owner of a lock that another thread held when the process was forked.
const NOBODY: usize = usize::MAX;

/// See the module.
pub(crate) struct Lock {
    shared: &'static Shared,
    /// The process that the lock was last used in.
    process: Cell<*const c_void>,
    owner: Owner,
    depth: Cell<u32>,
    queue: RefCell<VecDeque<Waiter>>,
}

/// A thread in the queue.
struct Waiter {
    thread: usize,
    sleep: ThreadLock,
    since: Instant,
}

/// This thread, as the lock knows it; never 0.
fn this_thread() -> usize {
    // SAFETY: callable from any thread.
    unsafe { PyThread_get_thread_ident() as usize }
}

/// The process that this code runs in.
fn process(shared: &Shared) -> *const c_void {
    // SAFETY: the pointer is to a static variable.
    unsafe { (*shared.process).load(Ordering::Relaxed) }
}

/// Raises RuntimeError for a wait that could never end.
fn refuse(gil: Gil<'_>, reason: &str) -> Raised {
    raise_runtime_error(gil, &format!("failed to acquire thread lock: {reason}"))
}

impl Lock {
    pub(crate) fn new(shared: &'static Shared) -> Lock {
        Lock {
            shared,
            process: Cell::new(process(shared)),
            owner: AtomicUsize::new(0),
            depth: Cell::new(0),
            queue: RefCell::new(VecDeque::new()),
        }
    }

    /// Takes the lock; waits without the GIL while another thread has it. A signal handler may raise meanwhile; a wait that
    /// could never end raises RuntimeError.
    #[inline]
    pub(crate) fn acquire(&self, gil: Gil<'_>) -> Result<(), Raised> {
        self.notice_fork();
        let thread = this_thread();
        let owner = self.owner.load(Ordering::Relaxed);
        if owner != thread {
            if owner == 0 {
                self.owner.store(thread, Ordering::Relaxed);
            } else {
                self.wait(gil, thread)?;
            }
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Gives back what one `acquire` took. True if the lock is free then.
    #[inline]
    pub(crate) fn release(&self, _gil: Gil<'_>) -> bool {
        let depth = self.depth.get() - 1;
        self.depth.set(depth);
        if depth == 0 {
            self.notice_fork();
            self.pass_on();
        }
        depth == 0
    }

    /// In the child of a fork: those who wait are gone, and so is the owner, unless it is the thread that has forked. What it
    /// was in the middle of stays as it was.
    #[inline]
    fn notice_fork(&self) {
        let process = process(self.shared);
        if self.process.get() != process {
            self.forget_threads(process);
        }
    }

    #[cold]
    fn forget_threads(&self, process: *const c_void) {
        let since = self.process.replace(process);
        self.queue.borrow_mut().clear();
        let owner = self.owner.load(Ordering::Relaxed);
        // SAFETY: `since` comes from `process`.
        if owner != 0 && unsafe { (self.shared.survived)(self.shared, owner as _, since) } == 0 {
            self.owner.store(NOBODY, Ordering::Relaxed);
        }
    }

    /// Frees the lock, or hands it to the thread that has waited too long, and wakes the first of the queue.
    #[inline]
    fn pass_on(&self) {
        if self.queue.borrow().is_empty() {
            self.owner.store(0, Ordering::Release);
        } else {
            self.wake_first();
        }
    }

    #[cold]
    fn wake_first(&self) {
        let Some(first) = self.queue.borrow_mut().pop_front() else { return };
        let next = if first.since.elapsed() >= PATIENCE { first.thread } else { 0 };
        self.owner.store(next, Ordering::Release);
        // SAFETY: the sleeper frees its lock after it was woken, or after it left the queue.
        unsafe { PyThread_release_lock(first.sleep) };
    }

    #[cold]
    fn wait(&self, gil: Gil<'_>, thread: usize) -> Result<(), Raised> {
        // SAFETY: callable with the GIL held; the lock is taken, so that the next attempt sleeps.
        let sleep = unsafe {
            let sleep = PyThread_allocate_lock();
            if sleep.is_null() {
                return Err(raise_no_memory(gil));
            }
            PyThread_acquire_lock_timed(sleep, 0, 0);
            sleep
        };
        let result = self.wait_on(gil, thread, sleep);
        // SAFETY: this thread has left the queue: nobody else knows the lock any more.
        unsafe { PyThread_free_lock(sleep) };
        result
    }

    fn wait_on(&self, gil: Gil<'_>, thread: usize, sleep: ThreadLock) -> Result<(), Raised> {
        let since = Instant::now();
        loop {
            match self.owner.load(Ordering::Acquire) {
                owner if owner == thread => return Ok(()),
                NOBODY => return Err(refuse(gil, "another thread held it when the process was forked")),
                0 => {
                    self.owner.store(thread, Ordering::Relaxed);
                    return Ok(());
                }
                _ => {}
            }
            if gil::is_finalizing(gil) {
                // The owner is asleep for good: inside of the runtime, or just before it got there.
                if self.depth.get() > 0 {
                    return Err(refuse(gil, "Python exits, and the thread that holds it was stopped"));
                }
                self.owner.store(thread, Ordering::Relaxed);
                return Ok(());
            }
            // SAFETY: the lock outlives the wait, since the runtime is kept alive by who wants it.
            if unsafe { (self.shared.wait)(self.shared, thread as _, &raw const self.owner) } != 0 {
                return Err(refuse(gil, "the thread that holds it waits for this thread"));
            }
            self.queue.borrow_mut().push_back(Waiter { thread, sleep, since });
            trace::note!("waits for the lock");
            let woken = sleep_on(gil, sleep);
            // SAFETY: as above.
            unsafe { (self.shared.wake)(self.shared, thread as _) };
            if !woken {
                // A signal: its handler may use this runtime too, or raise, so that nothing of this wait may remain.
                self.leave(thread, sleep);
                // SAFETY: the GIL is held.
                check(unsafe { PyErr_CheckSignals() })?;
            }
        }
    }

    /// Leaves the queue without the lock. If the wake-up or the lock itself has come already, it goes to the next.
    fn leave(&self, thread: usize, sleep: ThreadLock) {
        let queued = {
            let mut queue = self.queue.borrow_mut();
            let before = queue.len();
            queue.retain(|waiter| waiter.sleep != sleep);
            queue.len() != before
        };
        let owner = self.owner.load(Ordering::Relaxed);
        if !queued && (owner == thread || owner == 0) {
            self.pass_on();
        }
    }
}

/// Sleeps without the GIL until woken by `pass_on`; false if a signal came first.
fn sleep_on(gil: Gil<'_>, sleep: ThreadLock) -> bool {
    let state = gil::release(gil);
    // SAFETY: `sleep` is ours until we leave the queue; the GIL is taken back with this thread's own state.
    let woken = unsafe {
        let woken = PyThread_acquire_lock_timed(sleep, -1, 1);
        gil::take(state);
        woken
    };
    woken != PY_LOCK_INTR
}
