//! Slots: values on their way into Lua, with the references that keep them alive until C has pushed them.

use std::ffi::{c_int, c_uint};
use std::mem::MaybeUninit;
use std::ptr;

use crate::ffi::lua::{self as ffi, LupaSlot};
use crate::lua::boxes::Boxes;
use crate::lua::numbers::Exact;
use crate::lua::references::Reference;
use crate::py::Owned;

use super::runtime::Runtime;

/// Most operations have no more slots than this; then nothing is allocated for them.
const INLINE: usize = 8;

/// A list of slots of one runtime: `count` of them, in `heap` if that has room for any, in `inline` otherwise.
pub(crate) struct Slots {
    runtime: *const Runtime,
    inline: [MaybeUninit<LupaSlot>; INLINE],
    /// Only memory: its own length is always 0.
    heap: Vec<LupaSlot>,
    count: usize,
    /// So many slots have room where they are.
    room: usize,
    /// Does any slot keep something alive?
    keeps: bool,
}

/// How many items and fields a new table will have, about.
#[derive(Clone, Copy, Default)]
pub(crate) struct Expected {
    pub(crate) items: c_int,
    pub(crate) fields: c_int,
}

/// The numbers of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Run {
    Integers = ffi::LUPA_INTEGERS as i32,
    Numbers = ffi::LUPA_NUMBERS as i32,
}

const EMPTY: LupaSlot = LupaSlot {
    tag: ffi::LUPA_NIL as c_int,
    index: 0,
    value: ffi::LupaSlot__bindgen_ty_1 { pointer: ptr::null() },
    size: 0,
    keep: ptr::null_mut(),
};

impl Slots {
    #[inline(always)]
    pub(crate) fn new(runtime: &Runtime) -> Slots {
        let inline = [const { MaybeUninit::uninit() }; INLINE];
        Slots { runtime, inline, heap: Vec::new(), count: 0, room: INLINE, keeps: false }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [LupaSlot] {
        // SAFETY: the first `count` slots were written.
        unsafe { std::slice::from_raw_parts_mut(self.first(), self.count) }
    }

    /// What kinds of values the slots are, for the trace.
    #[cfg(feature = "trace")]
    pub(crate) fn described(&self) -> String {
        const NAMES: [&str; 17] = [
            "nil",
            "false",
            "true",
            "integer",
            "number",
            "reference",
            "known string",
            "known object",
            "string",
            "object",
            "new table",
            "table",
            "integers",
            "numbers",
            "list",
            "pairs",
            "copy",
        ];
        let first = if self.room == INLINE { self.inline.as_ptr().cast() } else { self.heap.as_ptr() };
        // SAFETY: the first `count` slots were written.
        let slots = unsafe { std::slice::from_raw_parts::<LupaSlot>(first, self.count) };
        let name =
            |slot: &LupaSlot| usize::try_from(slot.tag).ok().and_then(|tag| NAMES.get(tag)).copied().unwrap_or("?");
        slots.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    /// There will be about so many slots in all.
    pub(crate) fn expect(&mut self, count: usize) {
        if count > self.room {
            self.grow(count.max(2 * self.room));
        }
    }

    #[inline]
    fn first(&mut self) -> *mut LupaSlot {
        if self.room == INLINE { self.inline.as_mut_ptr().cast() } else { self.heap.as_mut_ptr() }
    }

    /// Inlined, so that a slot is written where it stays, field by field, instead of being copied there.
    #[inline(always)]
    fn add(&mut self, slot: LupaSlot) {
        self.keeps |= !slot.keep.is_null();
        if self.count == self.room {
            self.grow(2 * self.room);
        }
        // SAFETY: there is room for one more.
        unsafe { self.first().add(self.count).write(slot) };
        self.count += 1;
    }

    /// Makes room for so many slots, which is more than there is.
    #[cold]
    fn grow(&mut self, room: usize) {
        let mut heap = Vec::with_capacity(room);
        // SAFETY: the first `count` slots were written, and have room in the new memory.
        unsafe { ptr::copy_nonoverlapping(self.first(), heap.as_mut_ptr(), self.count) };
        self.room = heap.capacity();
        self.heap = heap;
    }

    fn add_tag(&mut self, tag: c_uint) {
        self.add(LupaSlot { tag: tag as c_int, ..EMPTY });
    }

    #[inline]
    pub(crate) fn add_nil(&mut self) {
        self.add_tag(ffi::LUPA_NIL);
    }

    #[inline]
    pub(crate) fn add_boolean(&mut self, value: bool) {
        self.add_tag(if value { ffi::LUPA_TRUE } else { ffi::LUPA_FALSE });
    }

    #[inline]
    pub(crate) fn add_integer(&mut self, value: ffi::lua_Integer) {
        let value = ffi::LupaSlot__bindgen_ty_1 { integer: value };
        self.add(LupaSlot { tag: ffi::LUPA_INTEGER as c_int, value, ..EMPTY });
    }

    #[inline]
    pub(crate) fn add_number(&mut self, value: ffi::lua_Number) {
        let value = ffi::LupaSlot__bindgen_ty_1 { number: value };
        self.add(LupaSlot { tag: ffi::LUPA_NUMBER as c_int, value, ..EMPTY });
    }

    /// A number of either kind.
    #[inline]
    pub(crate) fn add_exact(&mut self, number: Exact) {
        match number {
            Exact::Integer(integer) => self.add_integer(integer),
            Exact::Number(number) => self.add_number(number),
        }
    }

    /// A string; `keep` is the object that its bytes belong to.
    #[inline]
    pub(crate) fn add_string(&mut self, bytes: *const std::ffi::c_char, size: usize, keep: Owned) {
        self.add_kept_string(bytes, size, keep, 0);
    }

    /// Likewise, for a string that a registry slot keeps, or is to keep from now on.
    #[inline]
    pub(crate) fn add_kept_string(&mut self, bytes: *const std::ffi::c_char, size: usize, keep: Owned, index: c_int) {
        let value = ffi::LupaSlot__bindgen_ty_1 { bytes };
        self.add(LupaSlot { tag: ffi::LUPA_STRING as c_int, index, value, size, keep: keep.into_ptr().cast() });
    }

    /// What a registry slot holds; `keep` is the wrapper that the registry slot belongs to, or nothing.
    #[inline]
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

    /// As a value, a new table with this number, for about so many items and fields.
    pub(crate) fn add_new_table(&mut self, number: c_int, size: Expected) {
        let value = ffi::LupaSlot__bindgen_ty_1 { integer: size.fields as ffi::lua_Integer };
        let items = usize::try_from(size.items).unwrap_or(0);
        self.add(LupaSlot { tag: ffi::LUPA_NEWTABLE as c_int, index: number, value, size: items, ..EMPTY });
    }

    /// As a value, the table with this number, which an earlier slot has made.
    pub(crate) fn add_table(&mut self, number: c_int) {
        self.add(LupaSlot { tag: ffi::LUPA_TABLE as c_int, index: number, ..EMPTY });
    }

    /// What follows are the items of a table, from this index on.
    pub(crate) fn add_list(&mut self, number: c_int, first: i64) {
        let value = ffi::LupaSlot__bindgen_ty_1 { integer: first as ffi::lua_Integer };
        self.add(LupaSlot { tag: ffi::LUPA_LIST as c_int, index: number, value, ..EMPTY });
    }

    /// What follows are keys and values of a table.
    pub(crate) fn add_pairs(&mut self, number: c_int) {
        self.add(LupaSlot { tag: ffi::LUPA_PAIRS as c_int, index: number, ..EMPTY });
    }

    /// What follows is a table, whose pairs are copied to the table with this number.
    pub(crate) fn add_copy(&mut self, number: c_int) {
        self.add(LupaSlot { tag: ffi::LUPA_COPY as c_int, index: number, ..EMPTY });
    }

    /// As items, so many numbers, which C has in a list of its own.
    pub(crate) fn add_run(&mut self, kind: Run, count: usize) {
        self.add(LupaSlot { tag: kind as c_int, size: count, ..EMPTY });
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
        let count = std::mem::take(&mut self.count);
        if !std::mem::take(&mut self.keeps) {
            return;
        }
        let first: *const LupaSlot = self.first();
        // SAFETY: the first `count` slots were written. Releasing an object runs no code: who has the last reference waits.
        for slot in unsafe { std::slice::from_raw_parts(first, count) } {
            self.release(slot);
        }
    }

    /// Releases what one slot keeps alive.
    #[inline]
    fn release(&self, slot: &LupaSlot) {
        let mut object = slot.keep;
        if slot.tag == ffi::LUPA_OBJECT as c_int {
            // SAFETY: the tag tells which field of the union is in use; C empties it when a box takes the node.
            if unsafe { slot.value.node }.is_null() {
                return;
            }
            // SAFETY: no box has taken the node.
            object = unsafe { self.boxes().unlink(slot.keep.cast()) };
        }
        // SAFETY: the slot, or its node, owned the reference.
        if let Some(object) = unsafe { Owned::from_optional(object.cast()) } {
            self.runtime().release(object);
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        self.settle();
    }
}
