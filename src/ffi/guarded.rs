//! The ways into Python that may run Python code for long. In a thread that Python ends meanwhile they never return, since
//! frames of Lua may lie below; see `src/py/gil.c`.

#[cfg(all(unix, not(feature = "core")))]
mod guarded_by_c {
    use std::ffi::{c_char, c_int};

    use pyo3_ffi::PyObject;

    unsafe extern "C" {
        #[link_name = "lupa_PyObject_VectorcallDict"]
        pub(crate) fn PyObject_VectorcallDict(
            callable: *mut PyObject,
            arguments: *const *mut PyObject,
            count: usize,
            keywords: *mut PyObject,
        ) -> *mut PyObject;
        #[link_name = "lupa_PyObject_Call"]
        pub(crate) fn PyObject_Call(
            f: *mut PyObject,
            arguments: *mut PyObject,
            keywords: *mut PyObject,
        ) -> *mut PyObject;
        #[link_name = "lupa_PyObject_GetAttr"]
        pub(crate) fn PyObject_GetAttr(object: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
        #[link_name = "lupa_PyObject_GetAttrString"]
        pub(crate) fn PyObject_GetAttrString(object: *mut PyObject, name: *const c_char) -> *mut PyObject;
        #[link_name = "lupa_PyObject_SetAttr"]
        pub(crate) fn PyObject_SetAttr(object: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
        #[link_name = "lupa_PyObject_GetItem"]
        pub(crate) fn PyObject_GetItem(object: *mut PyObject, key: *mut PyObject) -> *mut PyObject;
        #[link_name = "lupa_PyObject_SetItem"]
        pub(crate) fn PyObject_SetItem(object: *mut PyObject, key: *mut PyObject, value: *mut PyObject) -> c_int;
        #[link_name = "lupa_PyObject_GetIter"]
        pub(crate) fn PyObject_GetIter(object: *mut PyObject) -> *mut PyObject;
        #[link_name = "lupa_PyIter_Next"]
        pub(crate) fn PyIter_Next(iterator: *mut PyObject) -> *mut PyObject;
        #[link_name = "lupa_PyObject_Str"]
        pub(crate) fn PyObject_Str(object: *mut PyObject) -> *mut PyObject;
        #[link_name = "lupa_PyObject_IsInstance"]
        pub(crate) fn PyObject_IsInstance(object: *mut PyObject, class: *mut PyObject) -> c_int;
    }
}

#[cfg(all(unix, not(feature = "core")))]
pub(crate) use guarded_by_c::*;

#[cfg(any(not(unix), feature = "core"))]
pub(crate) use pyo3_ffi::*;
