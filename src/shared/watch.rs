//! The watch: a thread that sees to it that nobody stays in Lua with the GIL for long (see `keeper.rs`). It never needs the GIL
//! itself, exists only while there are many crossings, and is not there when the process forks.
//!
//! Where something that it needs is missing (Linux with glibc, the barrier of the kernel, a free signal), the GIL is always given up.

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{mem, ptr};

use crate::ffi::python::{PyCFunction_Check, PyObject};
use crate::ffi::python::{PyEval_SaveThread, PyFloat_AsDouble, PyObject_VectorcallDict, PySys_GetObject};
use crate::py::{Borrowed, Gil, Owned};

use super::Shared;
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

/// Says that a stay is over. 0 until one was chosen, -1 if there is none.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

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
        let result = without_signals(|| {
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
                send_for(keeper, stay);
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

    /// Somebody has waited for the GIL.
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

/// Ends a stay, if it is still the same.
fn send_for(keeper: &Keeper, stay: usize) {
    if keeper.alarm.load(Ordering::Relaxed) != 0 || !choose_signal() {
        return;
    }
    let signal = SIGNAL.load(Ordering::Relaxed);
    keeper.signal.store(signal as usize, Ordering::Relaxed);
    keeper.alarm.store(stay, Ordering::SeqCst);
    pass_barrier();
    let value = libc::sigval { sival_ptr: ptr::from_ref(keeper).cast_mut().cast() };
    // SAFETY: in its stay the thread is alive, and leaves it only when the alarm is settled.
    let sent = keeper.stay.load(Ordering::SeqCst) == stay
        && unsafe { libc::pthread_sigqueue(keeper.thread.load(Ordering::Relaxed) as libc::pthread_t, signal, value) }
            == 0;
    if !sent {
        keeper.alarm.store(0, Ordering::Release);
    }
}

/// The handler of the signal: the thread is in Lua, or on its way back, and has not left `settle` yet.
extern "C" fn on_signal(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: the kernel gives a siginfo. A signal of the watch carries a keeper that waits for it.
    unsafe {
        if (*info).si_code != libc::SI_QUEUE || (*info).si_pid() != libc::getpid() {
            return;
        }
        let keeper: &Keeper = &*(*info).si_value().sival_ptr.cast();
        let errno = *libc::__errno_location();
        if keeper.alarm.load(Ordering::Relaxed) == keeper.stay.load(Ordering::Relaxed) {
            // The GIL is not touched by the code of Lua that was interrupted here, so that its mutex is free, or held by another thread.
            keeper.give_up_with(|| PyEval_SaveThread());
        }
        keeper.alarm.store(0, Ordering::Release);
        *libc::__errno_location() = errno;
    }
}

/// See [`Shared::settle`]: waits for the signal that is under way.
///
/// # Safety
/// The keeper is alive.
pub(super) unsafe extern "C" fn settle(keeper: *const Keeper) {
    // SAFETY: promised by the caller; plain data for the C library.
    unsafe {
        let keeper = &*keeper;
        while keeper.alarm.load(Ordering::Acquire) != 0 {
            let mut blocked: libc::sigset_t = mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut blocked);
            let signal = keeper.signal.load(Ordering::Relaxed) as libc::c_int;
            if libc::sigismember(&raw const blocked, signal) == 1 {
                take_blocked(keeper, signal);
            }
            libc::sched_yield();
        }
    }
}

/// Takes the signal in a thread that blocks it.
fn take_blocked(keeper: &Keeper, signal: libc::c_int) {
    // SAFETY: plain data for the C library.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        if libc::sigtimedwait(&raw const set, ptr::null_mut(), &raw const at_once) == signal {
            keeper.alarm.store(0, Ordering::Release);
        }
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
    let may_watch = is_supported() && choose_signal() && !is_blocked_here() && !switches_fast(gil, shared);
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
    let is_allowed = may_watch && state.run != 0 && !state.respects_others();
    keeper.allowed.set(if is_allowed { state.period } else { NEVER });
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

// ---- what the machine offers ----

/// Does the kernel have the barrier?
fn is_supported() -> bool {
    static ANSWER: AtomicI32 = AtomicI32::new(-1);
    let mut answer = ANSWER.load(Ordering::Relaxed);
    if answer < 0 {
        let unwanted = std::env::var_os("LUPA_KEEP_GIL").is_some_and(|value| value == "0");
        answer = i32::from(!unwanted && membarrier(REGISTER_PRIVATE_EXPEDITED));
        ANSWER.store(answer, Ordering::Relaxed);
    }
    answer == 1
}

/// Commands of membarrier(2).
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the command changes nothing but the order of memory accesses.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// What other threads have written before they see anything that is written from here on, is seen from here on.
fn pass_barrier() {
    membarrier(PRIVATE_EXPEDITED);
}

/// Sees to it that there is a signal whose handler is ours: the one that there was, or one that nobody has a handler for.
fn choose_signal() -> bool {
    let signal = SIGNAL.load(Ordering::Relaxed);
    if signal > 0 && handler_of(signal) == on_signal as *const () as usize {
        return true;
    }
    let free = (libc::SIGRTMIN()..=libc::SIGRTMAX()).rev().find(|&signal| handler_of(signal) == libc::SIG_DFL);
    let chosen = free.filter(|&signal| install(signal)).unwrap_or(-1);
    SIGNAL.store(chosen, Ordering::Relaxed);
    chosen > 0
}

fn handler_of(signal: libc::c_int) -> usize {
    // SAFETY: plain data for the C library.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        libc::sigaction(signal, ptr::null(), &raw mut action);
        action.sa_sigaction
    }
}

/// Calls of the system that the signal interrupts go on.
fn install(signal: libc::c_int) -> bool {
    // SAFETY: plain data for the C library; the handler may run in any thread.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigaction(signal, &raw const action, ptr::null_mut()) == 0
    }
}

/// Does this thread block the signal?
fn is_blocked_here() -> bool {
    // SAFETY: plain data for the C library.
    unsafe {
        let mut blocked: libc::sigset_t = mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &raw mut blocked);
        libc::sigismember(&raw const blocked, SIGNAL.load(Ordering::Relaxed)) != 0
    }
}

/// Runs with all signals blocked: new threads begin so.
fn without_signals<T>(call: impl FnOnce() -> T) -> T {
    // SAFETY: plain data for the C library.
    unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = (mem::zeroed(), mem::zeroed());
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let result = call();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        result
    }
}

// ---- how fast threads switch ----

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
