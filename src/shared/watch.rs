//! The watch: a thread that sees to it that nobody stays in Lua with the GIL for long (see `keeper.rs`). It never needs the GIL
//! itself, exists only while there are many crossings, and is not there when the process forks.
//!
//! Where something that it needs is missing (Linux with glibc, the barrier of the kernel, a free signal), the GIL is always given up.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::ffi::python::{PyCFunction_Check, PyFloat_AsDouble, PyObject, PyObject_VectorcallDict, PySys_GetObject};
use crate::py::{Borrowed, Gil, Owned};

use super::Shared;
pub(super) use super::alarm::settle;
use super::alarm::{self, pass_barrier};
use super::keeper::{Keeper, NEVER};

/// A stay ends after two of these, at the latest.
const PERIOD: Duration = Duration::from_millis(1);

/// Who wants threads to switch after a shorter time, in seconds, than CPython's own 5 milliseconds, wants the GIL to be given up.
const SHORTEST_INTERVAL: f64 = 0.004;

/// After so many periods without anybody who asks, the watch ends.
const PATIENCE: usize = 100;

/// For so many periods the GIL is given up after somebody has waited for it: fewer, or more if that happens again and again.
const RESPECT: usize = 8;
const MOST_RESPECT: usize = 512;

/// The number of the period, or 0 while nobody watches.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// The watch of this process.
static WATCH: AtomicPtr<Watch> = AtomicPtr::new(ptr::null_mut());

struct Watch {
    /// Which process this is: 1, or more after forks.
    process: usize,
    state: Mutex<State>,
    /// For the thread to end before its period is over.
    end: Condvar,
}

#[derive(Default)]
struct State {
    thread: Option<JoinHandle<()>>,
    /// Which thread of this process that is: one that finds another number here ends. 0 if there is none.
    run: usize,
    /// How many there were.
    runs: usize,
    /// The number of the last period.
    period: usize,
    /// Who has asked lately. A keeper leaves the list before its runtime goes.
    keepers: Vec<*const Keeper>,
    /// Up to this period the GIL is given up, since somebody has waited for it.
    respect_until: usize,
    respect: usize,
}

// SAFETY: keepers on the list are alive, and what of them is touched through it is atomic or belongs to who holds the lock.
unsafe impl Send for State {}

impl Watch {
    /// The watch of a new process.
    fn begin(process: usize, period: usize) {
        let state = Mutex::new(State { period, ..State::default() });
        WATCH.store(Box::into_raw(Box::new(Watch { process, state, end: Condvar::new() })), Ordering::Release);
    }

    fn of_this_process() -> &'static Watch {
        // SAFETY: set when the module was imported; never freed.
        unsafe { &*WATCH.load(Ordering::Acquire) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread.
    fn run(&self, run: usize) {
        let mut state = self.lock();
        loop {
            state = self.end.wait_timeout(state, PERIOD).unwrap_or_else(PoisonError::into_inner).0;
            if state.run != run {
                return;
            }
            if !state.count_period() {
                return state.stop();
            }
        }
    }

    /// Starts the thread, if it does not run.
    fn start(&'static self, state: &mut State) {
        if state.run != 0 {
            return;
        }
        let run = state.runs + 1;
        // Signals are for the threads of Python, which they wake.
        let result = alarm::without_signals(|| {
            let builder = std::thread::Builder::new().name("lupa watch".into()).stack_size(64 * 1024);
            builder.spawn(move || self.run(run))
        });
        if let Ok(thread) = result {
            state.thread = Some(thread);
            (state.run, state.runs) = (run, run);
            state.period += 1;
            NUMBER.store(state.period, Ordering::SeqCst);
        }
    }
}

impl State {
    /// From here on nobody may stay.
    fn stop(&mut self) {
        self.run = 0;
        NUMBER.store(0, Ordering::SeqCst);
    }

    /// Begins a period, and ends the stays that have lasted for the whole last one. False if there is nothing to watch.
    fn count_period(&mut self) -> bool {
        self.period += 1;
        NUMBER.store(self.period, Ordering::SeqCst);
        let oldest = self.period.saturating_sub(PATIENCE);
        self.keepers.retain(|&keeper| {
            // SAFETY: on the list.
            let keeper = unsafe { &*keeper };
            let stay = keeper.stay.load(Ordering::Acquire);
            if stay & 1 == 1 && keeper.seen.replace(stay) == stay {
                alarm::send_for(keeper, stay);
            }
            let stays = stay & 1 == 1 || keeper.asked.load(Ordering::Relaxed) >= oldest;
            if !stays {
                keeper.listed.set(0);
            }
            stays
        });
        !self.keepers.is_empty()
    }

    fn respects_others(&self) -> bool {
        self.period < self.respect_until
    }

    /// Somebody has waited for the GIL, or waits for it.
    fn note_wait(&mut self) {
        if self.respects_others() {
            self.respect_until = self.respect_until.max(self.period + RESPECT);
            return;
        }
        let again = self.period < self.respect_until + 2 * self.respect;
        self.respect = if again { (2 * self.respect).min(MOST_RESPECT) } else { RESPECT };
        self.respect_until = self.period + self.respect;
    }
}

/// See [`Shared::ask`].
///
/// # Safety
/// This thread owns the runtime of the keeper and holds the GIL.
pub(super) unsafe extern "C" fn ask(shared: *const Shared, keeper: *const Keeper, thread: usize) {
    // SAFETY: promised by the caller.
    let (shared, keeper) = unsafe { (&*shared, &*keeper) };
    // SAFETY: promised by the caller.
    let gil = unsafe { Gil::assume() };
    let may_watch = is_allowed() && alarm::reaches_this_thread() && !switches_fast(gil, shared);
    let watch = Watch::of_this_process();
    let mut state = watch.lock();
    if may_watch {
        watch.start(&mut state);
        if keeper.listed.replace(watch.process) != watch.process {
            state.keepers.push(keeper);
        }
    }
    keeper.thread.store(thread, Ordering::Relaxed);
    keeper.asked.store(NUMBER.load(Ordering::Relaxed), Ordering::Relaxed);
    let may_stay = may_watch && state.run != 0 && !state.respects_others();
    keeper.allowed.set(if may_stay { state.period } else { NEVER });
}

/// See [`Shared::note_wait`].
///
/// # Safety
/// The keeper is alive; its runtime belongs to this thread.
pub(super) unsafe extern "C" fn note_wait(keeper: *const Keeper) {
    // SAFETY: promised by the caller.
    unsafe { (*keeper).allowed.set(NEVER) };
    Watch::of_this_process().lock().note_wait();
}

/// See [`Shared::forget`].
///
/// # Safety
/// Nobody uses the keeper any more.
pub(super) unsafe extern "C" fn forget(keeper: *const Keeper) {
    Watch::of_this_process().lock().keepers.retain(|&other| other != keeper);
}

/// See [`Shared::period`].
pub(super) fn number() -> *const AtomicUsize {
    static BEGIN: Once = Once::new();
    BEGIN.call_once(|| {
        Watch::begin(1, 0);
        // SAFETY: the functions live as long as the process, since Python unloads no modules.
        unsafe {
            pthread_atfork(Some(before_fork), Some(after_fork_in_parent), Some(after_fork_in_child));
        }
    });
    &raw const NUMBER
}

// ---- forks ----

unsafe extern "C" {
    /// Registers what runs before a fork, and after it in the parent and in the child.
    fn pthread_atfork(
        before: Option<unsafe extern "C" fn()>,
        in_parent: Option<unsafe extern "C" fn()>,
        in_child: Option<unsafe extern "C" fn()>,
    ) -> libc::c_int;
}

/// Ends the thread, so that the process has none that Python does not know.
unsafe extern "C" fn before_fork() {
    let watch = Watch::of_this_process();
    let thread = {
        let mut state = watch.lock();
        state.stop();
        watch.end.notify_all();
        state.thread.take()
    };
    if let Some(thread) = thread {
        let _ended = thread.join();
    }
}

/// A thread that is in a stay now needs the watch.
unsafe extern "C" fn after_fork_in_parent() {
    let watch = Watch::of_this_process();
    let mut state = watch.lock();
    pass_barrier();
    // SAFETY: on the list.
    if state.keepers.iter().any(|&keeper| unsafe { &*keeper }.stay.load(Ordering::SeqCst) & 1 == 1) {
        watch.start(&mut state);
    }
}

/// Nothing that other threads were doing goes on here.
unsafe extern "C" fn after_fork_in_child() {
    let parent = Watch::of_this_process();
    // The lock can be held by a thread that is not here. Where it is, this is a far future.
    let period = parent.state.try_lock().map_or(usize::MAX / 2, |state| state.period);
    Watch::begin(parent.process + 1, period);
    NUMBER.store(0, Ordering::SeqCst);
}

// ---- what is wanted ----

/// Does the environment allow it?
fn is_allowed() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| std::env::var_os("LUPA_KEEP_GIL").is_none_or(|value| value != "0"))
}

/// `sys.getswitchinterval`, if it is the function of Python itself: calling that runs no code.
pub(super) fn switch_interval(_gil: Gil<'_>) -> *mut PyObject {
    // SAFETY: the GIL is held.
    unsafe {
        let function = PySys_GetObject(c"getswitchinterval".as_ptr());
        if function.is_null() || PyCFunction_Check(function) == 0 {
            return ptr::null_mut();
        }
        Borrowed::from_ptr(function).hold().into_ptr()
    }
}

fn switches_fast(gil: Gil<'_>, shared: &Shared) -> bool {
    if shared.switch_interval.is_null() {
        return true;
    }
    // SAFETY: the GIL is held; the function belongs to this interpreter and returns a float.
    unsafe {
        match Owned::from_new(PyObject_VectorcallDict(shared.switch_interval, ptr::null(), 0, ptr::null_mut())) {
            Ok(seconds) => PyFloat_AsDouble(seconds.as_ptr()) < SHORTEST_INTERVAL,
            Err(raised) => {
                crate::py::error::clear(gil, raised);
                true
            }
        }
    }
}
