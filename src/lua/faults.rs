//! Faults for the tests: growing requests for memory that are refused on demand. Compiled into checked builds only.
//!
//! A plan belongs to the OS thread, not to a runtime, so that the requests of a constructor can be refused too. Requests for
//! which the crate has lifted the limit (`Memory::over_limit`) are counted apart and granted.

use std::cell::Cell;

/// The plan of a thread, and what has come of it.
#[derive(Clone, Copy)]
pub(crate) struct Faults {
    /// Which request is the first to be refused, counted from 1; 0 for none.
    first: u64,
    /// How many are refused from there on.
    count: u64,
    pub(crate) requests: u64,
    pub(crate) refused: u64,
    /// Requests that must not be refused.
    pub(crate) exempt: u64,
}

impl Faults {
    const NONE: Faults = Faults { first: 0, count: 0, requests: 0, refused: 0, exempt: 0 };

    /// Counts one request; is it granted?
    fn grant(&mut self, exempt: bool) -> bool {
        if exempt {
            self.exempt += 1;
            return true;
        }
        self.requests += 1;
        let refuse = self.first != 0 && self.requests >= self.first && self.requests - self.first < self.count;
        self.refused += u64::from(refuse);
        !refuse
    }
}

thread_local! {
    static FAULTS: Cell<Faults> = const { Cell::new(Faults::NONE) };
}

/// Starts to count the growing requests of this thread, and refuses `count` of them from the `first` on.
pub(crate) fn start(first: u64, count: u64) {
    FAULTS.set(Faults { first, count, ..Faults::NONE });
}

/// Refuses nothing any more; what has happened since the start.
pub(crate) fn stop() -> Faults {
    FAULTS.replace(Faults::NONE)
}

/// One growing request of this thread: is it granted?
pub(super) fn grant(exempt: bool) -> bool {
    let mut faults = FAULTS.get();
    let granted = faults.grant(exempt);
    FAULTS.set(faults);
    granted
}
