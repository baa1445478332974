//! The stack guard of checked builds: an operation leaves the stack as it found it, a function changes it as it states. The
//! guard never repairs; it stops the process with the place and the difference, since whatever follows would be worth nothing.

use std::ffi::c_int;
#[cfg(feature = "checked")]
use std::{panic::Location, sync::OnceLock};

#[cfg(feature = "checked")]
use crate::ffi::checks;

use super::State;

/// The notation of effects, which the build script reads as well.
#[cfg(feature = "checked")]
#[expect(dead_code, reason = "the build script needs more of it")]
#[path = "../../build_support/effects.rs"]
mod effects;

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
            let difference = format!("{} values, expected {}", state.top(), self.top + growth);
            checks::report(Location::caller(), &difference);
        }
    }
}

/// `effect!(state, "[-0, +1, -]")` at the beginning of a function: when that returns, the stack of `state` has changed so. The
/// text is the one of its comment. Only checked builds compare.
macro_rules! effect {
    ($state:expr, $effect:literal) => {
        #[cfg(feature = "checked")]
        let _stated = {
            static ALLOWED: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
            $crate::lua::guard::Stated::new($state, std::any::type_name_of_val(&|| ()), $effect, &ALLOWED)
        };
    };
}

pub(crate) use effect;

/// The effect that a function states, compared when it returns.
#[cfg(feature = "checked")]
pub(crate) struct Stated {
    state: State,
    top: c_int,
    /// The name of a closure in the function.
    inside: &'static str,
    effect: &'static str,
    allowed: u32,
    place: &'static Location<'static>,
}

#[cfg(feature = "checked")]
impl Stated {
    #[track_caller]
    pub(crate) fn new(
        state: State,
        inside: &'static str,
        effect: &'static str,
        allowed: &'static OnceLock<u32>,
    ) -> Stated {
        let allowed = *allowed
            .get_or_init(|| effects::Effect::find(effect).and_then(|effect| effect.growths()).unwrap_or(u32::MAX));
        Stated { state, top: state.top(), inside, effect, allowed, place: Location::caller() }
    }
}

#[cfg(feature = "checked")]
impl Drop for Stated {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let function = self.inside.trim_end_matches("::{{closure}}").rsplit("::").next().unwrap_or_default();
        checks::compare(self.place, function, self.effect, self.allowed, self.state.top() - self.top);
    }
}
