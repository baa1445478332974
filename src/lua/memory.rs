//! The allocator of a runtime that counts and limits its memory (`lua_Alloc`, manual section 4.6).

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;

use super::boxes::Boxes;
use crate::ffi::lua::LupaNode;

/// Where the memory of a state comes from, in place of the `realloc` of the C library: `lua_Alloc`, manual section 4.6, without the
/// counting and the limit, which come before it. Lua may ask in any operation, in the thread that runs it.
///
/// # Safety
/// [`resize`](Allocator::resize) keeps what it promises: Lua writes to what it returns.
pub unsafe trait Allocator {
    /// A block of `new` bytes in the place of `block`, which has `old`, with as much of its content as both have. `block` is null, and
    /// `old` 0, where a new one is wanted; `new` is 0 where the block is to be freed, and the result does not matter then.
    ///
    /// Null refuses: nothing has changed, and Lua raises a memory error. What shrinks a block must not be refused.
    /// Blocks are aligned for any type of C (16 bytes).
    ///
    /// A panic ends the process.
    ///
    /// # Safety
    /// `block` is null or was returned by this allocator for `old` bytes, and nobody else uses it.
    unsafe fn resize(&self, block: *mut c_void, old: usize, new: usize) -> *mut c_void;
}

/// The counters of one runtime. All sizes are in bytes.
#[repr(C)]
pub(crate) struct Memory {
    /// C sets this while an allocation must not fail for the limit.
    over_limit: Cell<c_int>,
    used: Cell<usize>,
    /// What the runtime itself uses, measured when it is complete.
    base: Cell<usize>,
    /// No limit if 0; otherwise for everything, the base included.
    limit: Cell<usize>,
    /// A request was refused since [`Memory::forget_refusals`]; read by C too.
    refused: Cell<c_int>,
    /// The boxes of the runtime, and the queue of those whose objects are to be released.
    boxes: Cell<*const Boxes>,
    dead: Cell<*mut *mut LupaNode>,
    /// Where the memory comes from, if not from the C library.
    source: Option<Box<dyn Allocator>>,
}

/// Which memory a size is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What came after the runtime was complete.
    Own,
    /// The runtime itself included.
    Total,
}

impl Memory {
    pub(crate) fn new(source: Option<Box<dyn Allocator>>) -> Box<Memory> {
        Box::new(Memory {
            over_limit: Cell::new(0),
            used: Cell::new(0),
            base: Cell::new(0),
            limit: Cell::new(0),
            refused: Cell::new(0),
            boxes: Cell::new(ptr::null()),
            dead: Cell::new(ptr::null_mut()),
            source,
        })
    }

    /// From now on boxes that are freed without having been finalized go to the queue `dead`.
    ///
    /// # Safety
    /// Both live as long as this is used as an allocator, and belong to the same runtime.
    pub(crate) unsafe fn watch(&self, boxes: *const Boxes, dead: *mut *mut LupaNode) {
        self.boxes.set(boxes);
        self.dead.set(dead);
    }

    /// Queues the node of an abandoned box, as the finalizer would have done.
    fn notice_free(&self, block: *const c_void, size: usize) {
        // SAFETY: promised to `watch`; Lua calls the allocator while the runtime is locked, and gives the size of the block.
        unsafe {
            if let Some(boxes) = self.boxes.get().as_ref()
                && let Some(node) = boxes.abandoned_by(block, size)
            {
                let dead = self.dead.get();
                // What is left of the box in the freed block must not prove anything to the next owner of the block.
                (*node).holder = ptr::null();
                (*node).next_dead = *dead;
                *dead = node;
            }
        }
    }

    /// The runtime is complete: what it uses now does not count.
    pub(crate) fn set_base(&self) {
        self.base.set(self.used.get());
    }

    pub(crate) fn used(&self, scope: Scope) -> usize {
        self.used.get().saturating_sub(self.base_of(scope))
    }

    /// What a size of this scope leaves out.
    fn base_of(&self, scope: Scope) -> usize {
        match scope {
            Scope::Own => self.base.get(),
            Scope::Total => 0,
        }
    }

    /// The limit; 0 is none.
    pub(crate) fn limit(&self, scope: Scope) -> usize {
        self.limit.get().saturating_sub(self.base_of(scope))
    }

    /// Sets the limit; 0 is none.
    pub(crate) fn set_limit(&self, limit: usize, scope: Scope) {
        self.limit.set(if limit == 0 { 0 } else { limit.saturating_add(self.base_of(scope)) });
    }

    pub(crate) fn forget_refusals(&self) -> bool {
        self.refused.replace(0) != 0
    }

    pub(crate) fn refused(&self) -> bool {
        self.refused.get() != 0
    }

    /// Was nothing ever asked for? A Lua that gives no state then takes no allocator: its headers do not always say so.
    pub(crate) fn is_untouched(&self) -> bool {
        self.used.get() == 0 && !self.refused()
    }

    pub(crate) fn remember_refusal(&self) {
        self.refused.set(1);
    }

    /// Where C sees whether a request was refused.
    pub(crate) fn refusals(&self) -> *const c_int {
        self.refused.as_ptr()
    }

    /// The switch that C sets while an allocation must not fail for the limit.
    pub(crate) fn over_limit(&self) -> *mut c_int {
        self.over_limit.as_ptr()
    }

    /// May the memory grow by `growth` bytes?
    fn allows(&self, growth: usize) -> bool {
        let (limit, over_limit) = (self.limit.get(), self.over_limit.get() != 0);
        #[cfg(feature = "checked")]
        if !super::faults::grant(over_limit) {
            return false;
        }
        limit == 0 || over_limit || self.used.get().saturating_add(growth) <= limit
    }

    /// # Safety
    /// `block` is null or a block of `old` bytes from here, which nobody uses any more.
    unsafe fn free(&self, block: *mut c_void, old: usize) {
        // SAFETY: promised by the caller.
        unsafe {
            match &self.source {
                None => libc::free(block),
                Some(source) if !block.is_null() => {
                    source.resize(block, old, 0);
                }
                Some(_) => {}
            }
        }
    }

    /// # Safety
    /// `block` is null or a block of `old` bytes from here.
    unsafe fn reallocate(&self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        // SAFETY: promised by the caller.
        unsafe {
            match &self.source {
                None => libc::realloc(block, new),
                Some(source) => source.resize(block, old, new),
            }
        }
    }

    /// One request of Lua. Shrinking always succeeds, also above the limit, as Lua 5.1 to 5.3 assume.
    fn resize(&self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        // Where there is no block, the old size is a type tag since 5.2.
        let old = if block.is_null() { 0 } else { old };
        if new == 0 {
            self.notice_free(block, old);
            // SAFETY: Lua gives back a block that it got here, or null.
            unsafe { self.free(block, old) };
            self.used.set(self.used.get().wrapping_sub(old));
            return ptr::null_mut();
        }
        if new > old && !self.allows(new - old) {
            self.refused.set(1);
            return ptr::null_mut();
        }
        // SAFETY: as above.
        let result = unsafe { self.reallocate(block, old, new) };
        if result.is_null() && new > old {
            self.refused.set(1);
            return result;
        }
        self.used.set(self.used.get().wrapping_sub(old).wrapping_add(new));
        // A block that cannot shrink is large enough as it is.
        if result.is_null() { block } else { result }
    }
}

/// The function that Lua calls.
///
/// # Safety
/// `memory` is the [`Memory`] that the state was created with, `block` null or a block of this function of size `old`.
pub(crate) unsafe extern "C" fn allocate(
    memory: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: promised by the caller; Lua calls while the state is in use, hence alive, and by one thread at a time.
    unsafe { (*memory.cast::<Memory>()).resize(block, old, new) }
}
