//! Small blocks that Lua has freed, for its next requests. Lua makes and frees small objects all the time, and the C library needs
//! a hundred instructions for each; here it is a handful. Every block comes from the C library and goes back to it, at the latest
//! when the state ends, so that nothing needs to know where a block is from.
//!
//! Only where the sizes that Lua gives can be relied on: once code that nobody knows may use the allocator, blocks are not kept any more.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// Blocks up to this size are kept. Each class has those of 16 sizes: the largest is what the C library of GNU gives for all of them.
const LARGEST: usize = 136;

const CLASSES: usize = class_of(LARGEST) + 1;

/// So many bytes are kept of each class, at most: what a step of the collector frees, and a full collection of a small state.
const MOST: usize = 16 * 1024;

/// A kept block.
struct Block {
    next: *mut Block,
}

/// The small blocks of one state, by class.
pub(crate) struct Blocks {
    first: [Cell<*mut Block>; CLASSES],
    count: [Cell<u16>; CLASSES],
    keeps: Cell<bool>,
}

/// The class of a size that is not above [`LARGEST`].
const fn class_of(size: usize) -> usize {
    if size <= 24 { 0 } else { (size - 9) / 16 }
}

/// The size of the blocks of a class.
const fn size_of_class(class: usize) -> usize {
    16 * class + 24
}

impl Blocks {
    pub(crate) const fn new() -> Blocks {
        Blocks {
            first: [const { Cell::new(ptr::null_mut()) }; CLASSES],
            count: [const { Cell::new(0) }; CLASSES],
            keeps: Cell::new(true),
        }
    }

    /// Keeps nothing from now on.
    pub(crate) fn let_go(&self) {
        self.keeps.set(false);
        self.give_back();
    }

    /// Gives back what is kept.
    pub(crate) fn give_back(&self) {
        for class in 0..CLASSES {
            while let Some(block) = self.take(class) {
                // SAFETY: kept blocks are ours.
                unsafe { libc::free(block) };
            }
        }
    }

    /// A kept block of a class.
    #[inline]
    fn take(&self, class: usize) -> Option<*mut c_void> {
        let block = self.first[class].get();
        if block.is_null() {
            return None;
        }
        // SAFETY: kept blocks are linked.
        self.first[class].set(unsafe { (*block).next });
        self.count[class].set(self.count[class].get() - 1);
        Some(block.cast())
    }

    #[inline]
    fn allocate(&self, size: usize) -> *mut c_void {
        if size > LARGEST {
            // SAFETY: plain allocation.
            return unsafe { libc::malloc(size) };
        }
        let class = class_of(size);
        // SAFETY: plain allocation.
        self.take(class).unwrap_or_else(|| unsafe { libc::malloc(size_of_class(class)) })
    }

    /// # Safety
    /// Nobody uses the block any more, which has this size here, or is null.
    #[inline]
    unsafe fn free(&self, block: *mut c_void, size: usize) {
        let class = class_of(size.min(LARGEST));
        let count = self.count[class].get();
        if size > LARGEST || block.is_null() || usize::from(count) >= MOST / size_of_class(class) {
            // SAFETY: promised by the caller.
            return unsafe { libc::free(block) };
        }
        let block: *mut Block = block.cast();
        // SAFETY: promised by the caller; the smallest block has room for the link.
        unsafe { (*block).next = self.first[class].get() };
        self.first[class].set(block);
        self.count[class].set(count + 1);
    }

    /// # Safety
    /// The block has the old size here.
    unsafe fn resize(&self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        if old > LARGEST && new > LARGEST {
            // SAFETY: promised by the caller.
            return unsafe { libc::realloc(block, new) };
        }
        if old <= LARGEST && new <= LARGEST && class_of(old) == class_of(new) {
            return block;
        }
        let result = self.allocate(new);
        if result.is_null() {
            // What shrinks must not be refused.
            return if new < old { block } else { result };
        }
        // SAFETY: both blocks have so many bytes; Lua gives the old one back.
        unsafe {
            ptr::copy_nonoverlapping(block.cast::<u8>(), result.cast::<u8>(), old.min(new));
            self.free(block, old);
        }
        result
    }
}

/// The function that Lua calls.
///
/// # Safety
/// `blocks` is what the state was created with, `block` null or a block of this function of size `old`.
pub(crate) unsafe extern "C" fn allocate(
    blocks: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: promised by the caller; Lua calls while the state is in use, hence alive, and by one thread at a time.
    unsafe {
        let blocks: &Blocks = &*blocks.cast();
        if !blocks.keeps.get() {
            // Like the allocator of lauxlib, which does not look at the old size.
            if new != 0 {
                return libc::realloc(block, new);
            }
            libc::free(block);
            ptr::null_mut()
        } else if new == 0 {
            blocks.free(block, old);
            ptr::null_mut()
        } else if block.is_null() {
            blocks.allocate(new)
        } else {
            blocks.resize(block, old, new)
        }
    }
}
