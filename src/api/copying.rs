//! What `copy` and `pickle` ask a table for. The conversion is written in Python, and loaded when it is needed.

use std::ffi::CStr;

use crate::ffi::python::*;
use crate::py::types::short_method;
use crate::py::{Borrowed, Gil, Owned, Raised, call, edge};

const COPY_DOC: &CStr = c"__copy__($self, /)
--

A table of the same runtime with the same keys and values, without a metatable.";

const DEEPCOPY_DOC: &CStr = c"__deepcopy__($self, memo, /)
--

A table of the same runtime with copies of all tables and Python objects in it, without metatables.

Raises TypeError for functions, coroutines and userdata, which cannot be copied.

>>> import copy, lupa
>>> table = lupa.LuaRuntime().eval('{inner = {1, 2}}')
>>> copy.copy(table).inner == table.inner, copy.deepcopy(table).inner == table.inner
(True, False)";

const REDUCE_DOC: &CStr = c"__reduce_ex__($self, protocol, /)
--

Tables are pickled as what lupa.to_python() makes of them, and come back as lists and dicts.

>>> import lupa, pickle
>>> pickle.loads(pickle.dumps(lupa.LuaRuntime().eval('{1, 2, {x = 3}}')))
[1, 2, {'x': 3}]";

pub(super) fn methods() -> Vec<PyMethodDef> {
    vec![
        short_method(c"__copy__", METH_NOARGS, copy, COPY_DOC),
        short_method(c"__deepcopy__", METH_O, deepcopy, DEEPCOPY_DOC),
        short_method(c"__reduce_ex__", METH_O, reduce, REDUCE_DOC),
    ]
}

unsafe extern "C" fn copy(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a table.
    unsafe { edge(|gil| ask(gil, c"copied", &[Borrowed::from_ptr(slf)])) }
}

unsafe extern "C" fn deepcopy(slf: *mut PyObject, memo: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held, a table and a live object.
    unsafe { edge(|gil| ask(gil, c"deeply_copied", &[Borrowed::from_ptr(slf), Borrowed::from_ptr(memo)])) }
}

unsafe extern "C" fn reduce(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by Python with the GIL held and a table.
    unsafe { edge(|gil| ask(gil, c"pickled", &[Borrowed::from_ptr(slf)])) }
}

fn ask(gil: Gil<'_>, function: &CStr, arguments: &[Borrowed<'_>]) -> Result<Owned, Raised> {
    let module = call::import(gil, c"lupa._values")?;
    let function = call::attribute(gil, module.borrow(), function)?;
    call::call(gil, function.borrow(), arguments)
}
