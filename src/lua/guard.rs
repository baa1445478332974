//! The stack guard of checked builds: an operation leaves the stack as it found it. The guard never repairs; it stops the
//! process with the place and the difference, since whatever follows would be worth nothing.

use std::ffi::c_int;

use super::State;

/// The top that a piece of code found.
#[derive(Clone, Copy)]
pub(crate) struct Guard {
    #[cfg(feature = "checked")]
    top: c_int,
}

impl Guard {
    pub(crate) fn new(state: State) -> Guard {
        #[cfg(not(feature = "checked"))]
        let _ = state;
        Guard {
            #[cfg(feature = "checked")]
            top: state.top(),
        }
    }

    /// States that the stack has grown by `growth` values since the guard was made.
    #[cfg_attr(feature = "checked", track_caller)]
    pub(crate) fn check(self, state: State, growth: c_int) {
        #[cfg(not(feature = "checked"))]
        let _ = (state, growth);
        #[cfg(feature = "checked")]
        if state.top() != self.top + growth {
            let place = std::panic::Location::caller();
            eprintln!("lupa: stack guard: {place}: {} values, expected {}", state.top(), self.top + growth);
            std::process::abort();
        }
    }
}
