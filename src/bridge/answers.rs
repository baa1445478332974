//! Answers of entries: the values that C pushes after Rust has returned. They belong to the runtime, since a jump can leave
//! them behind.

use std::cell::RefCell;
use std::ffi::c_int;

use crate::ffi::lua::LupaAnswer;

use super::slots::Slots;

/// What C does with the values of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Return,
    Raise,
}

/// One answer, at a fixed address while C reads it.
struct Answer {
    for_c: LupaAnswer,
    slots: Slots,
    /// Where the entry's frame is on the C stack, which grows towards lower addresses.
    frame: usize,
}

/// The answers of one runtime, the newest last.
#[derive(Default)]
pub(crate) struct Answers {
    #[expect(clippy::vec_box, reason = "C keeps the address of an answer while others come and go")]
    stack: RefCell<Vec<Box<Answer>>>,
}

impl Answers {
    /// Keeps an answer, and returns where C finds it.
    pub(crate) fn push(&self, slots: Slots, kind: Kind, frame: usize) -> *mut LupaAnswer {
        let for_c =
            LupaAnswer { slots: std::ptr::null_mut(), count: 0, raise: c_int::from(kind == Kind::Raise), done: 0 };
        let mut answer = Box::new(Answer { for_c, slots, frame });
        // The slots may lie inside the answer itself, which does not move any more.
        let slots = answer.slots.as_mut_slice();
        answer.for_c.count = c_int::try_from(slots.len()).unwrap_or(c_int::MAX);
        answer.for_c.slots = slots.as_mut_ptr();
        let place = &raw mut answer.for_c;
        self.stack.borrow_mut().push(answer);
        place
    }

    pub(crate) fn count(&self) -> usize {
        self.stack.borrow().len()
    }

    /// Releases the newest answers that C has finished with, or whose entry was left by a jump: the frame of a later entry
    /// lies where it was, or above.
    pub(crate) fn release_done(&self, frame: usize) {
        loop {
            let mut stack = self.stack.borrow_mut();
            match stack.last() {
                Some(answer) if answer.for_c.done != 0 || answer.frame <= frame => {
                    let answer = stack.pop();
                    drop(stack);
                    drop(answer);
                }
                _ => return,
            }
        }
    }

    /// Releases all but the `count` oldest answers: a crossing has ended, whose entries were left by jumps.
    pub(crate) fn truncate(&self, count: usize) {
        while self.count() > count {
            let answer = self.stack.borrow_mut().pop();
            drop(answer);
        }
    }
}
