//! The crossing from Lua to Python: an entry of `lua/entries.h` asks, this module takes the GIL, runs Python, and leaves the
//! answer where C finds it. It returns to C in any case, so that an error can jump from there.

use std::ffi::{c_int, c_uint};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::ffi::lua::{self as ffi, LupaBox, LupaRuntime, lua_State};
use crate::lua::guard::Guard;
use crate::lua::guard::effect;
use crate::lua::stack::Type;
use crate::py::error::{raise_system_error, take};
use crate::py::{Borrowed, Owned, Raised, object};
use crate::shared;
use crate::trace;

use super::answers::{Answer, Kind};
use super::crossing::Locked;
use super::errors;
use super::marshal::add_exception;
use super::runtime::Runtime;
use super::slots::Slots;

/// In a long run of Lua code, objects that wait to be released are released by callbacks once there are this many: a
/// callback may run any code anyway.
const MANY_RELEASES: usize = 64;

/// C has to push the answer.
const ANSWERED: c_int = -1;

/// `[-0, +n, -]` What Lua asks of Python: called by the entries.
///
/// # Safety
/// `state` is the thread that runs, of the runtime behind `runtime`; this OS thread owns that runtime, without the GIL. `the_box`
/// is null or a box that lies on the stack.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lupa_host(
    state: *mut lua_State,
    runtime: *mut LupaRuntime,
    the_box: *mut LupaBox,
    request: c_int,
) -> c_int {
    // SAFETY: the owner of the C side is the runtime, which is alive while its code runs; the crossing that this entry is inside
    // of has left Python.
    let (runtime, gil) = unsafe {
        let runtime: &Runtime = &*(*runtime).owner.cast();
        (runtime, runtime.enter_python())
    };
    let current = runtime.current.replace(state);
    trace::enter!("Lua asks {}: the stack has {}", requested(request), runtime.state().top());
    let held = runtime.held.replace(0);
    let entry = Entry { locked: Locked { runtime, gil }, the_box, frame: (&raw const current).addr() };
    let guard = Guard::new(entry.locked.state());
    runtime.answers.release_done(entry.frame);
    runtime.references.recycle(entry.locked.state());
    let reply = match catch_unwind(AssertUnwindSafe(|| entry.handle(request as u32))) {
        Ok(Ok(reply)) => reply,
        Ok(Err(raised)) => entry.raise(raised),
        Err(_) => entry.raise(raise_system_error(gil, "lupa: internal error (a panic was caught)")),
    };
    guard.check(entry.locked.state(), reply.pushed());
    runtime.collect_dead(gil);
    if runtime.waiting_releases() >= MANY_RELEASES {
        runtime.run_releases(gil);
    }
    // From here on no code of others runs, which could leave another answer in the place of this one.
    let count = entry.leave(reply);
    trace::leave!("back to Lua: the stack has {}", runtime.state().top());
    runtime.current.set(current);
    runtime.held.set(held);
    // Lua goes on, and may change the tables that Python has looked at.
    runtime.note_change();
    runtime.leave_python(gil);
    count
}

/// A request, for the trace.
#[cfg(feature = "trace")]
fn requested(request: c_int) -> &'static str {
    const NAMES: [&str; 12] = [
        "for a call",
        "for a field",
        "to set a field",
        "for a text",
        "for attributes",
        "for items",
        "for an iterator",
        "for an exploding iterator",
        "for a counting iterator",
        "for the next item",
        "for arguments",
        "for an overflow handler",
    ];
    usize::try_from(request).ok().and_then(|number| NAMES.get(number)).copied().unwrap_or("for something else")
}

/// One request of Lua.
struct Entry<'rt> {
    locked: Locked<'rt>,
    /// The object that it is for, or null.
    the_box: *mut LupaBox,
    /// Where its frame is on the C stack.
    frame: usize,
}

/// What Lua gets.
enum Reply {
    /// So many values, which lie on the stack.
    Pushed(c_int),
    /// Values that C has to push, or to raise.
    Answer(Box<Answer>, Kind),
}

impl Reply {
    fn pushed(&self) -> c_int {
        match self {
            Reply::Pushed(count) => *count,
            Reply::Answer(..) => 0,
        }
    }
}

/// The object that a request is for, and its protocol.
struct Target {
    object: Owned,
    protocol: c_uint,
}

impl Entry<'_> {
    /// `[-0, +n, -]` Runs Python.
    fn handle(&self, request: c_uint) -> Result<Reply, Raised> {
        let locked = &self.locked;
        match request {
            ffi::LUPA_ASK_ARGS => {
                let (positional, named) = locked.read_arguments(2)?;
                let arguments = shared::new_arguments(locked.gil, locked.runtime.shared, positional, named)?;
                return Ok(self.give(|slots| slots.add_object(arguments, ffi::LUPA_ATTRIBUTES)));
            }
            ffi::LUPA_ASK_OVERFLOW => return set_overflow_handler(locked).map(|()| Reply::Pushed(0)),
            _ => {}
        }
        let Target { object, protocol } = self.target()?;
        match request {
            ffi::LUPA_ASK_CALL => self.give_result(&locked.call_object(object.borrow())?),
            ffi::LUPA_ASK_INDEX => {
                let value = locked.get_index(object.borrow(), protocol, locked.unmarshal(2)?)?;
                self.give_value(&value)
            }
            ffi::LUPA_ASK_NEWINDEX => {
                let (key, value) = (locked.unmarshal(2)?, locked.unmarshal(3)?);
                locked.set_index(object.borrow(), protocol, key, &value).map(|()| Reply::Pushed(0))
            }
            ffi::LUPA_ASK_TOSTRING => {
                let text = locked.object_text(object.borrow())?;
                Ok(self.give(|slots| slots.add_string(text.pointer, text.size, text.owner)))
            }
            ffi::LUPA_ASK_ATTRIBUTES => Ok(self.give(|slots| slots.add_object(object, ffi::LUPA_ATTRIBUTES))),
            ffi::LUPA_ASK_ITEMS => Ok(self.give(|slots| slots.add_object(object, ffi::LUPA_ITEMS))),
            ffi::LUPA_ASK_ITER => self.try_to_give(|slots| locked.marshal_iterator(slots, object.borrow(), 0)),
            ffi::LUPA_ASK_ITEREX => {
                self.try_to_give(|slots| locked.marshal_iterator(slots, object.borrow(), ffi::LUPA_EXPLODE))
            }
            ffi::LUPA_ASK_ENUMERATE => {
                self.try_to_give(|slots| locked.marshal_iterator(slots, object.borrow(), ffi::LUPA_COUNT))
            }
            _ => self.give_next(&object, protocol),
        }
    }

    /// The object that the request is for. Raises ReferenceError if its box is finalized.
    fn target(&self) -> Result<Target, Raised> {
        // SAFETY: the box lives while it is on the stack, its node owns the object.
        unsafe {
            match self.the_box.as_ref().map(|content| content.node.as_ref()) {
                Some(Some(node)) => {
                    Ok(Target { object: Borrowed::from_ptr(node.object.cast()).hold(), protocol: node.protocol })
                }
                Some(None) => Err(errors::raise_deleted_object(&self.locked)),
                // A script has changed the upvalue of the function.
                None => Err(errors::raise_lost_reference(&self.locked)),
            }
        }
    }

    /// `[-0, +0|1, -]` Gives Lua a value: at once if it is plain or known, otherwise C has to push it.
    fn give_value(&self, value: &Owned) -> Result<Reply, Raised> {
        effect!(self.locked.state(), "[-0, +0|1, -]");
        if self.locked.push_directly(value.borrow()) {
            return Ok(Reply::Pushed(1));
        }
        self.try_to_give(|slots| self.locked.marshal(slots, value.borrow()))
    }

    /// `[-0, +n, -]` Gives Lua what a call has returned: one value, or those of a tuple if the runtime unpacks tuples.
    fn give_result(&self, result: &Owned) -> Result<Reply, Raised> {
        if !self.locked.runtime.options.unpack_returned_tuples {
            return self.give_value(result);
        }
        self.try_to_give(|slots| self.locked.marshal_result(slots, result))
    }

    /// `[-0, +n, -]` Gives Lua the next values of an iterator.
    fn give_next(&self, iterator: &Owned, protocol: c_uint) -> Result<Reply, Raised> {
        let locked = &self.locked;
        match locked.next_item(iterator)? {
            None => Ok(Reply::Pushed(locked.push_nil())),
            // The first value decides whether the loop goes on.
            Some(item) if protocol == 0 && !item.borrow().is_none() => self.give_value(&item),
            Some(item) if protocol == ffi::LUPA_COUNT => {
                locked.push_count(2);
                if locked.push_directly(item.borrow()) {
                    return Ok(Reply::Pushed(2));
                }
                locked.state().drop_to(locked.state().top() - 1);
                self.try_to_give(|slots| locked.marshal_item(slots, &item, protocol))
            }
            Some(item) => self.try_to_give(|slots| locked.marshal_item(slots, &item, protocol)),
        }
    }

    /// Leaves values for C to push.
    fn give(&self, fill: impl FnOnce(&mut Slots)) -> Reply {
        let mut answer = self.locked.runtime.answers.blank(self.locked.runtime, self.frame);
        fill(&mut answer.slots);
        Reply::Answer(answer, Kind::Return)
    }

    /// Leaves values for C to push, once they are converted.
    fn try_to_give(&self, fill: impl FnOnce(&mut Slots) -> Result<(), Raised>) -> Result<Reply, Raised> {
        let mut answer = self.locked.runtime.answers.blank(self.locked.runtime, self.frame);
        fill(&mut answer.slots)?;
        Ok(Reply::Answer(answer, Kind::Return))
    }

    /// Leaves the exception that is set as an error value for Lua.
    fn raise(&self, raised: Raised) -> Reply {
        let exception = take(self.locked.gil, raised);
        let mut answer = self.locked.runtime.answers.blank(self.locked.runtime, self.frame);
        add_exception(&mut answer.slots, exception);
        Reply::Answer(answer, Kind::Raise)
    }

    /// What C is told: how many values lie on the stack, or `ANSWERED`.
    fn leave(&self, reply: Reply) -> c_int {
        let (answer, kind) = match reply {
            Reply::Pushed(count) => {
                trace::note!("reply: {count} pushed");
                return count;
            }
            Reply::Answer(answer, kind) => (answer, kind),
        };
        trace::note!("reply: an answer for C, {kind:?}, slots: {}", answer.slots.described());
        let runtime = self.locked.runtime;
        let place = runtime.answers.push(answer, kind);
        // SAFETY: the runtime is locked; C reads the answer next.
        unsafe { (*runtime.shared_with_c.get()).answer = place };
        ANSWERED
    }
}

/// `[-0, +0, -]` Installs the handler at stack index 1.
fn set_overflow_handler(locked: &Locked<'_>) -> Result<(), Raised> {
    effect!(locked.state(), "[-0, +0, -]");
    let handler = match locked.state().type_of(1) {
        Type::Nil => object::none(),
        _ => locked.unmarshal(1)?,
    };
    locked.set_overflow_handler(handler.borrow())
}
