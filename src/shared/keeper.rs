//! Keeping the GIL while Lua runs, where that is short: giving it up and taking it back costs more than many a call.
//!
//! A *stay* is a time that a thread spends in Lua with the GIL. Nobody knows beforehand how long Lua will take, so that each stay
//! is watched (`watch.rs`, in `lupa._core`): the watch is a thread that counts *periods* of a millisecond. A stay that a period
//! begins and the next one still finds is ended by a signal, whose handler gives the GIL up right where the thread is. A
//! runtime gives the GIL up by itself once in each period, and always where somebody has waited for it lately.
//!
//! The thread and the watch meet without locks: the thread writes `stay` and then reads `alarm`, the watch writes `alarm`, makes
//! all threads pass a barrier, and then reads `stay`. So one of them sees the other.

use std::cell::Cell;
#[cfg(not(feature = "core"))]
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize};
#[cfg(not(feature = "core"))]
use std::sync::atomic::{Ordering, compiler_fence};

#[cfg(not(feature = "core"))]
use std::time::{Duration, Instant};

use crate::ffi::python::PyThreadState;
#[cfg(not(feature = "core"))]
use crate::py::{Gil, gil};
#[cfg(not(feature = "core"))]
use crate::trace;

#[cfg(not(feature = "core"))]
use super::Shared;

/// As `allowed`: in no period.
pub(super) const NEVER: usize = usize::MAX;

/// The watch is asked for the first time after so many crossings: who crosses seldom has no use for it.
#[cfg(not(feature = "core"))]
const MANY_CROSSINGS: u32 = 64;

/// Who needs longer to give the GIL up, twice in a row, has woken another thread, which was waiting for it: that takes a call of the
/// system.
#[cfg(not(feature = "core"))]
const NO_CALL: Duration = Duration::from_nanos(600);

/// Who needs longer to take the GIL back has waited for another thread.
#[cfg(not(feature = "core"))]
const NO_WAIT: Duration = Duration::from_micros(5);

/// How one runtime keeps the GIL, or gives it up. Touched by the thread that owns the runtime, and by the watch where that is said.
#[repr(C)]
pub(crate) struct Keeper {
    /// Odd during a stay; each has a number of its own. Read by the watch.
    pub(super) stay: AtomicUsize,
    /// The stay that the watch ends, until the signal for it has come; otherwise 0.
    pub(super) alarm: AtomicUsize,
    /// The number of that signal.
    pub(super) signal: AtomicUsize,
    /// What takes the GIL back; null while it is held.
    pub(super) thread_state: AtomicPtr<PyThreadState>,
    /// The thread that may stay. Read by the watch.
    pub(super) thread: AtomicUsize,
    /// The period in which it may.
    pub(super) allowed: Cell<usize>,
    /// The period in which the watch was asked last. Read by the watch.
    pub(super) asked: AtomicUsize,
    /// Is it to be known how long taking the GIL back takes?
    pub(super) measured: Cell<bool>,
    /// Did giving the GIL up seem to wake somebody, the last time that this was measured?
    has_called: Cell<bool>,
    /// How many crossings there were while nobody watched.
    crossings: Cell<u32>,
    /// Lua may call functions that nobody here knows: they may use Python themselves, or mind signals.
    never: Cell<bool>,
    /// Of the watch alone: the stay that it has seen in the last period.
    pub(super) seen: Cell<usize>,
    /// Of the watch alone: on its list, in the process with this number.
    pub(super) listed: Cell<usize>,
    /// How many stays there were.
    #[cfg(feature = "checked")]
    stays: Cell<usize>,
}

#[cfg(not(feature = "core"))]
impl Keeper {
    pub(crate) const fn new() -> Keeper {
        Keeper {
            stay: AtomicUsize::new(0),
            alarm: AtomicUsize::new(0),
            signal: AtomicUsize::new(0),
            thread_state: AtomicPtr::new(ptr::null_mut()),
            thread: AtomicUsize::new(0),
            allowed: Cell::new(NEVER),
            asked: AtomicUsize::new(NEVER),
            measured: Cell::new(false),
            has_called: Cell::new(false),
            crossings: Cell::new(0),
            // What is compiled into a Lua of others is not known.
            never: Cell::new(!cfg!(lupa_sees_unknown)),
            seen: Cell::new(0),
            listed: Cell::new(0),
            #[cfg(feature = "checked")]
            stays: Cell::new(0),
        }
    }

    /// The way into Lua, of a thread that owns the runtime: from here on the GIL is not held, or not for long.
    #[inline]
    pub(crate) fn leave_python(&self, gil: Gil<'_>, shared: &Shared, thread: usize) {
        if self.begin_stay(shared, thread) {
            trace::note!("the GIL is kept");
            #[cfg(feature = "checked")]
            self.stays.set(self.stays.get() + 1);
        } else {
            self.end_stay(shared);
            self.give_up(gil, shared, thread);
        }
    }

    /// How often the GIL was kept.
    #[cfg(feature = "checked")]
    pub(crate) fn stays(&self) -> usize {
        self.stays.get()
    }

    /// The way back. Blocks, and never returns while Python exits.
    ///
    /// # Safety
    /// This thread has left Python by the same keeper, and was not back since.
    #[inline]
    pub(crate) unsafe fn enter_python<'py>(&self, shared: &Shared) -> Gil<'py> {
        self.end_stay(shared);
        // SAFETY: promised by the caller. Outside of a stay nobody else touches the thread state.
        unsafe {
            let state = self.thread_state.load(Ordering::Relaxed);
            if state.is_null() { Gil::assume() } else { self.take_back(shared, state) }
        }
    }

    /// The way into Lua without asking the watch.
    pub(crate) fn give_up_now(&self, gil: Gil<'_>) {
        self.thread_state.store(gil::release(gil), Ordering::Relaxed);
    }

    /// Keeps the GIL no more, also not in the stay that this thread is in.
    pub(crate) fn trust_nobody(&self, shared: &Shared) {
        self.never.set(true);
        self.allowed.set(NEVER);
        let stays = self.stay.load(Ordering::Relaxed) & 1 == 1;
        self.end_stay(shared);
        if stays && self.thread_state.load(Ordering::Relaxed).is_null() {
            // SAFETY: the stay was not ended by the signal, so that the GIL is held still.
            self.give_up_now(unsafe { Gil::assume() });
        }
    }

    /// True if the GIL may be kept. The stay begins first: a watch that stops comes after it, or is seen.
    #[inline]
    fn begin_stay(&self, shared: &Shared, thread: usize) -> bool {
        self.stay.store(self.stay.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
        shared.period() == self.allowed.get() && self.thread.load(Ordering::Relaxed) == thread
    }

    /// From here on the handler of the signal does nothing; nor is there a signal under way that could disturb others.
    #[inline]
    fn end_stay(&self, shared: &Shared) {
        // Where the handler has ended it, the number is even already.
        self.stay.store(self.stay.load(Ordering::Relaxed).wrapping_add(1) & !1, Ordering::Release);
        compiler_fence(Ordering::SeqCst);
        if self.alarm.load(Ordering::Relaxed) != 0 {
            // SAFETY: the function belongs to the capsule.
            unsafe { (shared.settle)(self) };
        }
    }

    #[inline(never)]
    fn give_up(&self, gil: Gil<'_>, shared: &Shared, thread: usize) {
        // A thread that the system did not let run just now can have found the signal in the stay that was not to be.
        if !self.thread_state.load(Ordering::Relaxed).is_null() {
            return;
        }
        let period = shared.period();
        let asks = if period == 0 { self.is_busy() } else { self.asked.load(Ordering::Relaxed) != period };
        if !asks || self.never.get() {
            return self.give_up_now(gil);
        }
        // SAFETY: the function belongs to the capsule; this thread owns the runtime and holds the GIL.
        unsafe { (shared.ask)(shared, self, thread) };
        let since = Instant::now();
        self.give_up_now(gil);
        self.measured.set(true);
        let has_called = since.elapsed() > NO_CALL;
        if self.has_called.replace(has_called) && has_called {
            // SAFETY: the function belongs to the capsule.
            unsafe { (shared.note_wait)(self) };
        }
    }

    /// Have there been many crossings while nobody watched?
    fn is_busy(&self) -> bool {
        let crossings = (self.crossings.get() + 1) % MANY_CROSSINGS;
        self.crossings.set(crossings);
        crossings == 0
    }

    /// # Safety
    /// As for `enter_python`, with the thread state that was stored.
    #[inline(never)]
    unsafe fn take_back<'py>(&self, shared: &Shared, state: *mut PyThreadState) -> Gil<'py> {
        self.thread_state.store(ptr::null_mut(), Ordering::Relaxed);
        let since = self.measured.replace(false).then(Instant::now);
        // SAFETY: promised by the caller.
        let gil = unsafe { gil::take(state) };
        if since.is_some_and(|since| since.elapsed() > NO_WAIT) {
            // SAFETY: the function belongs to the capsule.
            unsafe { (shared.note_wait)(self) };
        }
        gil
    }
}
