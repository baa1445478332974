//! Answers of entries: the values that C pushes after Rust has returned. They belong to the runtime, since a jump can leave
//! them behind.

use std::cell::RefCell;
use std::ffi::c_int;

use crate::ffi::lua::LupaAnswer;

use super::runtime::Runtime;
use super::slots::Slots;

/// What C does with the values of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(Debug))]
pub(crate) enum Kind {
    Return,
    Raise,
}

/// One answer, at a fixed address while C reads it.
pub(crate) struct Answer {
    for_c: LupaAnswer,
    pub(crate) slots: Slots,
    /// Where the entry's frame is on the C stack, which grows towards lower addresses.
    frame: usize,
}

/// The answers of one runtime, the newest last.
#[derive(Default)]
pub(crate) struct Answers {
    #[expect(clippy::vec_box, reason = "C keeps the address of an answer while others come and go")]
    stack: RefCell<Vec<Box<Answer>>>,
    /// An answer that was released, for the next one.
    spare: RefCell<Option<Box<Answer>>>,
}

impl Answers {
    /// An answer without values, for the entry whose frame is given.
    pub(crate) fn blank(&self, runtime: &Runtime, frame: usize) -> Box<Answer> {
        let spare = self.spare.borrow_mut().take();
        let mut answer = spare.unwrap_or_else(|| {
            let for_c = LupaAnswer { slots: std::ptr::null_mut(), count: 0, raise: 0, done: 0 };
            Box::new(Answer { for_c, slots: Slots::new(runtime), frame })
        });
        answer.frame = frame;
        answer
    }

    /// Keeps an answer, and returns where C finds it.
    pub(crate) fn push(&self, mut answer: Box<Answer>, kind: Kind) -> *mut LupaAnswer {
        // The slots may lie inside the answer itself, which does not move any more.
        let slots = answer.slots.as_mut_slice();
        answer.for_c = LupaAnswer {
            count: c_int::try_from(slots.len()).unwrap_or(c_int::MAX),
            slots: slots.as_mut_ptr(),
            raise: c_int::from(kind == Kind::Raise),
            done: 0,
        };
        let place = &raw mut answer.for_c;
        self.stack.borrow_mut().push(answer);
        place
    }

    #[inline]
    pub(crate) fn count(&self) -> usize {
        self.stack.borrow().len()
    }

    /// Releases the newest answers that C has finished with, or whose entry was left by a jump: the frame of a later entry
    /// lies where it was, or above.
    pub(crate) fn release_done(&self, frame: usize) {
        loop {
            let is_done = |answer: &mut Box<Answer>| answer.for_c.done != 0 || answer.frame <= frame;
            let answer = self.stack.borrow_mut().pop_if(is_done);
            match answer {
                Some(answer) => self.release(answer),
                None => return,
            }
        }
    }

    /// Releases all but the `count` oldest answers: a crossing has ended, whose entries were left by jumps.
    #[inline]
    pub(crate) fn truncate(&self, count: usize) {
        if self.count() > count {
            self.release_newest(count);
        }
    }

    #[cold]
    fn release_newest(&self, count: usize) {
        while self.count() > count {
            let answer = self.stack.borrow_mut().pop();
            answer.into_iter().for_each(|answer| self.release(answer));
        }
    }

    /// Releases what C has not pushed; the memory is for the next answer.
    fn release(&self, mut answer: Box<Answer>) {
        answer.slots.settle();
        self.spare.replace(Some(answer));
    }
}
