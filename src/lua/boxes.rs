//! The boxes of a runtime: which objects of the host Lua holds. A node is allocated, linked, unlinked and freed with the GIL
//! held; C only reads its object and, once, puts it into the queue of finalized boxes.

use std::cell::Cell;
use std::ffi::{c_uint, c_void};
use std::ptr;

use crate::ffi::lua::{self as ffi, LupaBox, LupaNode};

/// What Lua keeps before the content of a userdata, at most, in any version.
const MAX_HEADER: usize = 64;

/// The list of all nodes of a runtime.
pub(crate) struct Boxes {
    first: Cell<*mut LupaNode>,
}

impl Boxes {
    pub(crate) fn new() -> Boxes {
        Boxes { first: Cell::new(ptr::null_mut()) }
    }

    /// A new node, which takes over a reference to `object`.
    pub(crate) fn link(&self, object: *mut c_void, protocol: c_uint) -> *mut LupaNode {
        let first = self.first.get();
        let node = Box::into_raw(Box::new(LupaNode {
            object,
            next: first,
            previous: ptr::null_mut(),
            next_dead: ptr::null_mut(),
            holder: ptr::null(),
            protocol,
        }));
        if !first.is_null() {
            // SAFETY: nodes on the list are alive, and only changed with the GIL held.
            unsafe { (*first).previous = node };
        }
        self.first.set(node);
        node
    }

    /// Takes a node off the list and frees it; the reference to its object goes to the caller.
    ///
    /// # Safety
    /// `node` is on this list, and no box refers to it any more.
    pub(crate) unsafe fn unlink(&self, node: *mut LupaNode) -> *mut c_void {
        // SAFETY: promised by the caller; the neighbours are alive as they are on the list.
        unsafe {
            let node = Box::from_raw(node);
            if node.previous.is_null() {
                self.first.set(node.next);
            } else {
                (*node.previous).next = node.next;
            }
            if !node.next.is_null() {
                (*node.next).previous = node.previous;
            }
            node.object
        }
    }

    /// The node of a box that Lua is about to free although its finalizer did not run, if the block is such a box: there was
    /// no memory for the call, or a script took the metatable away. Other blocks may hold anything, what looks like a box
    /// included: a node of this list that knows the box is proof.
    ///
    /// # Safety
    /// `block` has `size` bytes; the lock of the runtime is held, so that the list does not change.
    pub(crate) unsafe fn abandoned_by(&self, block: *const c_void, size: usize) -> Option<*mut LupaNode> {
        let start = size.checked_sub(size_of::<LupaBox>()).filter(|start| *start <= MAX_HEADER)?;
        let the_box: *const LupaBox = block.wrapping_byte_add(start).cast();
        if !the_box.is_aligned() {
            return None;
        }
        // SAFETY: the block is large enough for a box at its end; its bytes are of Lua's making, and taken as numbers.
        let (magic, node) = unsafe {
            (ptr::read_volatile(&raw const (*the_box).magic), ptr::read_volatile(&raw const (*the_box).node))
        };
        if magic as usize != the_box.addr() ^ ffi::LUPA_MAGIC as usize || node.is_null() || !self.contains(node) {
            return None;
        }
        // SAFETY: nodes on the list are alive.
        (unsafe { (*node).holder } == the_box).then_some(node)
    }

    fn contains(&self, wanted: *const LupaNode) -> bool {
        let mut node = self.first.get();
        while !node.is_null() && !ptr::eq(node, wanted) {
            // SAFETY: nodes on the list are alive.
            node = unsafe { (*node).next };
        }
        !node.is_null()
    }

    /// The objects of all nodes, for the host's collector. `visit` returns something else than 0 to stop.
    pub(crate) fn visit(&self, mut visit: impl FnMut(*mut c_void) -> i32) -> i32 {
        let mut node = self.first.get();
        while !node.is_null() {
            // SAFETY: nodes on the list are alive.
            let (object, next) = unsafe { ((*node).object, (*node).next) };
            let result = visit(object);
            if result != 0 {
                return result;
            }
            node = next;
        }
        0
    }

    /// Takes the first node off the list, after the state was closed.
    pub(crate) fn pop(&self) -> Option<*mut c_void> {
        let node = self.first.get();
        if node.is_null() {
            return None;
        }
        // SAFETY: the node is on the list; the state is closed, no box exists any more.
        Some(unsafe { self.unlink(node) })
    }
}
