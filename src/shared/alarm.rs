//! The alarm: a signal by which the watch ends a stay (see `keeper.rs`), and what it needs of the machine. The handler gives the GIL up
//! where the thread is, in Lua.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};
use std::{mem, ptr};

use crate::ffi::python::PyEval_SaveThread;

use crate::py::{Gil, gil};

use super::keeper::Keeper;

/// Says that a stay is over. 0 until one was chosen, -1 if there is none.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Ends a stay, if it is still the same.
pub(super) fn send_for(keeper: &Keeper, stay: usize) {
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
        let stay = keeper.stay.load(Ordering::Relaxed);
        // While Python exits nobody else wants the GIL, and who gives it up may not get it back (see `gil::release`).
        if keeper.alarm.load(Ordering::Relaxed) == stay && !gil::is_finalizing(Gil::assume()) {
            // Lua, which was interrupted here, does not touch the GIL, so that its mutex is free, or held by another thread.
            keeper.thread_state.store(PyEval_SaveThread(), Ordering::Relaxed);
            keeper.measured.set(true);
            keeper.stay.store(stay.wrapping_add(1), Ordering::Release);
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

// ---- what the machine offers ----

/// Can a stay of this thread be ended?
pub(super) fn reaches_this_thread() -> bool {
    has_barrier() && choose_signal() && !is_blocked_here()
}

fn has_barrier() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| membarrier(REGISTER_PRIVATE_EXPEDITED))
}

/// Commands of membarrier(2).
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: the command changes nothing but the order of memory accesses.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// What other threads have written before they see anything that is written from here on, is seen from here on.
pub(super) fn pass_barrier() {
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
pub(super) fn without_signals<T>(call: impl FnOnce() -> T) -> T {
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
