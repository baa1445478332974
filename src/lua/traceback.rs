//! The text of a traceback, where the message handler of `lua/protect.h` leaves it.

use std::ffi::c_int;

use super::State;
use super::guard::effect;
use super::stack::{Number, Type};

/// `[-0, +0, -]` Takes the message with traceback out of its registry slot, if the handler could make one.
pub(crate) fn take_traceback(state: State, slot: c_int) -> Option<Vec<u8>> {
    effect!(state, "[-0, +0, -]");
    state.push_registry(slot);
    let text = match state.type_of(-1) {
        Type::String => Some(state.read_string(-1).to_vec()),
        // A traceback function of the script's own may return anything.
        Type::Number => Some(match state.read_number(-1) {
            Number::Integer(value) => value.to_string().into_bytes(),
            Number::Float(value) => value.to_string().into_bytes(),
        }),
        _ => None,
    };
    state.drop_to(state.top() - 1);
    state.push_boolean(false);
    let _lost = state.store(slot, -1);
    state.drop_to(state.top() - 1);
    text
}
