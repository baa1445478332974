//! The text of Lua tracebacks: where C leaves it, and its order. Lua prints the innermost call first, Python last; an error
//! message that Python prints follows Python.

use crate::lua::stack::{Number, Type};
use crate::py::Raised;

use super::crossing::Locked;

const HEADING: &str = "stack traceback:";

/// `[-0, +0, -]` Takes the message with traceback that the message handler has left, if it could make one.
pub(crate) fn take_text(locked: &Locked<'_>) -> Result<Option<Vec<u8>>, Raised> {
    let state = locked.state();
    // SAFETY: the runtime is locked; its C side does not change meanwhile.
    let slot = unsafe { (*locked.runtime.shared_with_c.get()).traceback };
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
    let _lost = state.store(slot);
    Ok(text)
}

/// Is this a line of a traceback? They are indented, and start with the name of a chunk in brackets.
fn is_frame(line: &str) -> bool {
    let trimmed = line.trim_start();
    trimmed.len() < line.len() && trimmed.starts_with('[')
}

/// Puts the frames that follow a heading into Python's order, unless other lines follow them; also returns the last
/// traceback alone.
pub(crate) fn innermost_last(message: &str) -> (String, Option<String>) {
    if !message.contains(HEADING) {
        return (message.to_owned(), None);
    }
    let mut lines: Vec<&str> = Vec::new();
    // Where the frames of the traceback at hand start.
    let mut frames = None;
    for line in message.lines() {
        match frames {
            Some(start) if is_frame(line) => lines.insert(start, line),
            _ => {
                lines.push(line);
                frames = (line == HEADING).then_some(lines.len());
            }
        }
    }
    let reordered = frames.is_some_and(|start| lines.len() > start + 1);
    let message = if reordered { lines.join("\n") } else { message.to_owned() };
    let traceback = last_traceback(&message);
    (message, traceback)
}

/// The last heading of a message with what follows it, unless nothing does.
fn last_traceback(message: &str) -> Option<String> {
    let lines: Vec<&str> = message.lines().collect();
    let heading = lines.iter().rposition(|line| *line == HEADING)?;
    (heading + 1 < lines.len()).then(|| lines[heading..].join("\n"))
}
