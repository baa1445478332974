//! Slots: values on their way into Lua, with the references that keep them alive until C has pushed them.

use std::ffi::{c_int, c_uint};
use std::mem::MaybeUninit;
use std::ptr;

use crate::ffi::lua::{self as ffi, LupaSlot};
use crate::lua::boxes::Boxes;
use crate::lua::references::Reference;
use crate::py::Owned;

use super::runtime::Runtime;

/// Most operations have no more slots than this; then nothing is allocated for them.
const INLINE: usize = 8;

/// A list of slots of one runtime.
pub(crate) struct Slots {
    runtime: *const Runtime,
    /// The first `count` are in use, unless they are in `heap`.
    inline: [MaybeUninit<LupaSlot>; INLINE],
    count: usize,
    /// Used instead of `inline` when there are more.
    heap: Vec<LupaSlot>,
}

const EMPTY: LupaSlot = LupaSlot {
    tag: ffi::LUPA_NIL as c_int,
    index: 0,
    value: ffi::LupaSlot__bindgen_ty_1 { pointer: ptr::null() },
    size: 0,
    keep: ptr::null_mut(),
};

impl Slots {
    pub(crate) fn new(runtime: &Runtime) -> Slots {
        Slots { runtime, inline: [const { MaybeUninit::uninit() }; INLINE], count: 0, heap: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [LupaSlot] {
        if !self.heap.is_empty() {
            return &mut self.heap;
        }
        // SAFETY: the first `count` slots were written.
        unsafe { std::slice::from_raw_parts_mut(self.inline.as_mut_ptr().cast(), self.count) }
    }

    fn add(&mut self, slot: LupaSlot) {
        if self.count < INLINE && self.heap.is_empty() {
            self.inline[self.count].write(slot);
        } else {
            self.add_to_heap(slot);
        }
        self.count += 1;
    }

    fn add_to_heap(&mut self, slot: LupaSlot) {
        if self.heap.is_empty() {
            let inline = self.as_mut_slice().to_vec();
            self.heap = inline;
        }
        self.heap.push(slot);
    }

    fn add_tag(&mut self, tag: c_uint) {
        self.add(LupaSlot { tag: tag as c_int, ..EMPTY });
    }

    pub(crate) fn add_nil(&mut self) {
        self.add_tag(ffi::LUPA_NIL);
    }

    pub(crate) fn add_boolean(&mut self, value: bool) {
        self.add_tag(if value { ffi::LUPA_TRUE } else { ffi::LUPA_FALSE });
    }

    pub(crate) fn add_integer(&mut self, value: ffi::lua_Integer) {
        let value = ffi::LupaSlot__bindgen_ty_1 { integer: value };
        self.add(LupaSlot { tag: ffi::LUPA_INTEGER as c_int, value, ..EMPTY });
    }

    pub(crate) fn add_number(&mut self, value: ffi::lua_Number) {
        let value = ffi::LupaSlot__bindgen_ty_1 { number: value };
        self.add(LupaSlot { tag: ffi::LUPA_NUMBER as c_int, value, ..EMPTY });
    }

    /// A string; `keep` is the object that its bytes belong to.
    pub(crate) fn add_string(&mut self, bytes: *const std::ffi::c_char, size: usize, keep: Owned) {
        let value = ffi::LupaSlot__bindgen_ty_1 { bytes };
        self.add(LupaSlot { tag: ffi::LUPA_STRING as c_int, value, size, keep: keep.into_ptr().cast(), ..EMPTY });
    }

    /// What a registry slot holds; `keep` is the wrapper that the registry slot belongs to, or nothing.
    pub(crate) fn add_reference(&mut self, reference: Reference, keep: Option<Owned>) {
        let value = ffi::LupaSlot__bindgen_ty_1 { pointer: reference.address };
        let keep = keep.map_or(ptr::null_mut(), |owner| owner.into_ptr().cast());
        let size = usize::try_from(reference.tag).unwrap_or(0);
        self.add(LupaSlot { tag: ffi::LUPA_REFERENCE as c_int, index: reference.slot, value, size, keep });
    }

    /// An object as a box. Its node is on the list of the runtime from now on; `keep` remembers it for `settle`.
    pub(crate) fn add_object(&mut self, object: Owned, protocol: c_uint) {
        let node = self.boxes().link(object.into_ptr().cast(), protocol);
        let value = ffi::LupaSlot__bindgen_ty_1 { node };
        self.add(LupaSlot { tag: ffi::LUPA_OBJECT as c_int, value, keep: node.cast(), ..EMPTY });
    }

    /// The n-th table of a table builder.
    pub(crate) fn add_new_table(&mut self, number: c_int) {
        self.add(LupaSlot { tag: ffi::LUPA_NEWTABLE as c_int, index: number, ..EMPTY });
    }

    /// As a key: copy all pairs of the table that is the value.
    pub(crate) fn add_copy(&mut self) {
        self.add_tag(ffi::LUPA_COPY);
    }

    fn runtime(&self) -> &Runtime {
        // SAFETY: the runtime outlives the operations and answers that have slots.
        unsafe { &*self.runtime }
    }

    fn boxes(&self) -> &Boxes {
        &self.runtime().boxes
    }

    /// Releases what C has not consumed, and forgets all slots.
    pub(crate) fn settle(&mut self) {
        for position in 0..self.count {
            // Releasing an object may run code, but none that knows these slots.
            let slot = self.as_mut_slice()[position];
            if slot.keep.is_null() {
                continue;
            }
            let object = if slot.tag == ffi::LUPA_OBJECT as c_int {
                // SAFETY: the tag tells which field of the union is in use; C empties it when a box takes the node.
                if unsafe { slot.value.node }.is_null() {
                    continue;
                }
                // SAFETY: no box has taken the node.
                unsafe { self.boxes().unlink(slot.keep.cast()) }
            } else {
                slot.keep
            };
            // SAFETY: the slot, or its node, owned the reference.
            if let Some(object) = unsafe { Owned::from_optional(object.cast()) } {
                self.runtime().release(object);
            }
        }
        self.count = 0;
        self.heap.clear();
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        self.settle();
    }
}
