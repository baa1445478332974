//! What a module is made from: its name, its functions, and how it gets filled. One definition serves all interpreters of the
//! process; each makes a module of its own from it.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::Once;

use crate::ffi::python::*;

use super::types::method_table;

/// The definition, in memory that Python writes to.
pub(crate) struct Definition {
    content: UnsafeCell<PyModuleDef>,
    begin: Once,
}

// SAFETY: the tables are set once; what Python writes are the same values in every interpreter.
unsafe impl Sync for Definition {}

impl Definition {
    /// A module whose state is a pointer.
    pub(crate) const fn new(name: &'static CStr, doc: &'static CStr) -> Definition {
        let content = PyModuleDef {
            m_base: PyModuleDef_HEAD_INIT,
            m_name: name.as_ptr(),
            m_doc: doc.as_ptr(),
            m_size: size_of::<*mut c_void>() as Py_ssize_t,
            m_methods: ptr::null_mut(),
            m_slots: ptr::null_mut(),
            m_traverse: None,
            m_clear: None,
            m_free: None,
        };
        Definition { content: UnsafeCell::new(content), begin: Once::new() }
    }

    pub(crate) fn as_ptr(&self) -> *mut PyModuleDef {
        self.content.get()
    }

    /// What the `PyInit_` function of the module returns. `fill` is called with each new module.
    ///
    /// # Safety
    /// The GIL is held.
    pub(crate) unsafe fn init(
        &self,
        functions: fn() -> Vec<PyMethodDef>,
        fill: unsafe extern "C" fn(*mut PyObject) -> c_int,
    ) -> *mut PyObject {
        let definition = self.as_ptr();
        // SAFETY: promised by the caller; the tables live for ever, and are set before Python sees the definition.
        unsafe {
            self.begin.call_once(|| {
                (*definition).m_methods = method_table(functions());
                (*definition).m_slots = slots(fill).leak().as_mut_ptr();
            });
            PyModuleDef_Init(definition)
        }
    }
}

fn slots(fill: unsafe extern "C" fn(*mut PyObject) -> c_int) -> Vec<PyModuleDef_Slot> {
    let mut slots = vec![PyModuleDef_Slot { slot: Py_mod_exec, value: fill as *mut c_void }];
    if version() >= (3, 12) {
        // Nothing is shared by the modules of two interpreters but the graph of lock waits, which has a lock.
        slots.push(PyModuleDef_Slot { slot: MULTIPLE_INTERPRETERS, value: PER_INTERPRETER_GIL });
    }
    slots.push(PyModuleDef_Slot { slot: 0, value: ptr::null_mut() });
    slots
}

/// `Py_mod_multiple_interpreters` and its value, which the headers before Python 3.12 lack.
const MULTIPLE_INTERPRETERS: c_int = 3;
const PER_INTERPRETER_GIL: *mut c_void = ptr::without_provenance_mut(2);

/// The version of Python that runs, such as `(3, 11)`.
pub(crate) fn version() -> (u32, u32) {
    // SAFETY: the version is a constant string such as "3.11.7 (main, ...)".
    let text = unsafe { CStr::from_ptr(Py_GetVersion()) }.to_string_lossy();
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}
