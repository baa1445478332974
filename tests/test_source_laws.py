"""The laws of the source that a reader should not have to take on trust (ARCHITECTURE.md, invariants)."""

import importlib.util
import os
import pathlib
import re
import subprocess

import audit_source as source
import pytest

ROOT = pathlib.Path(__file__).parent.parent
EFFECT = re.compile(r"\[-[^,\]]+, \+[^,\]]+, [-mve|]+\]|\[-[^,\]]+, \+[^,\]]+\]")


def api_rows():
    return list(source.api().values())


def column_of(bindings):
    """The column of the table for generated bindings: what the headers said."""
    jit = re.search(r"LUAJIT_VERSION_NUM: \w+ = (\d+)", bindings)
    if jit:
        return "jit20" if int(jit[1]) < 20100 else "jit21"
    version = int(re.search(r"LUPA_VERSION_NUM: \w+ = (\d+)", bindings)[1])
    return f"{version // 100}{version % 100}"


def newest_builds():
    """The newest build of each flavour in the target directory: column to folder."""
    target = os.environ.get("CARGO_TARGET_DIR")
    if not target:
        if os.environ.get("CI"):
            pytest.fail("CARGO_TARGET_DIR must name the folder of the build that is tested")
        pytest.skip("CARGO_TARGET_DIR does not say where the crate was built")
    folders = [path.parent for path in pathlib.Path(target).rglob("liblupa_bodies.a")]
    folders.sort(key=lambda folder: (folder / "liblupa_bodies.a").stat().st_mtime)
    builds = {column_of((folder / "bindings.rs").read_text()): folder for folder in folders}
    if not builds:
        pytest.fail(f"no compiled C bodies under {target}")
    return builds


def undefined_symbols(archive):
    listing = subprocess.run(["nm", "--undefined-only", archive], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1] for line in listing.splitlines() if line.startswith(" ")}


def test_every_function_of_lua_that_the_c_side_needs_is_in_the_table():
    for column, folder in newest_builds().items():
        used = {name for name in undefined_symbols(folder / "liblupa_bodies.a") if re.match(r"lua(L|JIT)?_", name)}
        listed = {row.name for row in api_rows() if column in row.flavours("used")}
        assert used - listed == set(), f"used on {column}, but not by lua/api.tsv"


def test_every_function_that_is_used_by_the_table_is_used():
    for column, folder in newest_builds().items():
        used = undefined_symbols(folder / "liblupa_bodies.a")
        used |= set(re.findall(r"pub fn (lua\w+)", (folder / "bindings.rs").read_text()))
        listed = {row.name for row in api_rows() if column in row.flavours("used")}
        # lua_resetthread stands in for lua_closethread in releases of 5.4 that are older than the bundled one.
        assert listed - used - {"lua_resetthread"} == set(), f"not used on {column}"


def test_the_table_contradicts_itself_nowhere():
    for row in api_rows():
        assert set(row.flavours("used")) <= set(row.flavours()), row.name
        assert (row.used == "-") == (row.rust == "-"), row.name


def test_functions_that_may_raise_have_no_rust_name():
    raising = {row.name for row in api_rows() if row.rust in ("c", "-")}
    raising |= {function.name for function in source.c_functions() if function.effect.raises != "-"}
    for column, folder in newest_builds().items():
        named = set(re.findall(r"pub fn (\w+)", (folder / "bindings.rs").read_text()))
        assert named & raising == set(), column


def test_what_rust_may_name_does_not_raise_or_states_its_condition():
    for row in api_rows():
        if row.rust == "yes":
            assert row.effect.raises == "-", row.name
        elif row.rust == "guarded":
            assert row.remark, row.name
        else:
            assert row.rust in ("c", "-"), row.name


def test_guarded_functions_have_one_wrapper():
    sources = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.rs"))
    for row in api_rows():
        if row.rust == "guarded":
            assert len(re.findall(rf"ffi::{row.name}\(", sources)) == 1, row.name


def test_lua_error_is_called_in_c_only():
    for path in (ROOT / "src").rglob("*.rs"):
        assert not re.search(r"\bluaL?_error\b\(", path.read_text()), path


def c_functions():
    """(file, comment before, signature) of every function of the C side that gets a Lua state."""
    for path in sorted((ROOT / "lua").glob("*.h")):
        text = path.read_text()
        for match in re.finditer(r"^(?:static|extern) [^;={}]*?\(([^)]*)\)\s*[{;]", text, re.M):
            if "lua_State" in match[1]:
                yield path.name, text[: match.start()].rstrip(), match[0].split("(")[0]


def test_every_c_function_states_its_effect_on_the_stack():
    functions = list(c_functions())
    assert len(functions) > 80
    for file, before, signature in functions:
        comment = before[before.rfind("/*") :] if before.endswith("*/") else ""
        assert EFFECT.search(comment), f"{file}: {signature.strip()}"


def rust_functions_on_the_stack():
    """(file, comment, name) of every Rust function that calls a function of Lua on a state."""
    for path in sorted((ROOT / "src" / "lua").rglob("*.rs")):
        for match in re.finditer(r"((?:^ *///.*\n)*)(?:^ *#\[.*\n)*^ *(?:pub(?:\(crate\))? )?fn (\w+)([^}]*)", path.read_text(), re.M):
            if re.search(r"ffi::lua\w*\(", match[3]) or "self.push_" in match[3] or "state.push_" in match[3]:
                yield path.name, match[1], match[2]


def test_every_rust_function_on_the_stack_states_its_effect():
    functions = list(rust_functions_on_the_stack())
    assert len(functions) > 10
    for file, comment, name in functions:
        assert EFFECT.search(comment), f"{file}: {name}"


def test_the_layers_do_not_name_each_other():
    for layer, foreign in (("lua", "py"), ("py", "lua"), ("lua", "bridge"), ("py", "bridge"), ("bridge", "api")):
        for path in (ROOT / "src" / layer).rglob("*.rs"):
            assert f"crate::{foreign}::" not in path.read_text(), f"{path.name} names {foreign}"


def test_files_stay_readable():
    sources = [*(ROOT / "src").rglob("*.rs"), *(ROOT / "lua").glob("*.h"), *(ROOT / "build_support").glob("*.*")]
    too_long = {path.name for path in sources if path.suffix in {".rs", ".h", ".py"} and len(path.read_text().splitlines()) > 420}
    assert too_long == set()


def test_version_conditions_stand_in_the_compatibility_file():
    for path in [*(ROOT / "src").rglob("*.rs"), *(ROOT / "lua").glob("*.h")]:
        if path.name == "compat.h":
            continue
        assert "LUA_VERSION_NUM" not in path.read_text().replace("LUPA_VERSION_NUM", ""), path
        assert "LUAJIT_VERSION" not in path.read_text(), path


#: Functions of Python that run no code of Python, release and allocate nothing that its collector counts, and raise nothing;
#: and those that Python itself calls.
HARMLESS = """
    PyByteArray_AsString PyByteArray_Size PyBytes_AsString PyBytes_FromStringAndSize PyBytes_Size PyCFunction_GetSelf
    PyCallable_Check PyCapsule_GetPointer PyCapsule_New PyDict_Next PyDict_Size PyErr_ExceptionMatches PyErr_Fetch
    PyErr_Occurred PyEval_SaveThread PyException_GetTraceback PyFloat_FromDouble PyIter_Check PyLong_FromLong
    PyLong_FromLongLong PyLong_FromSize_t PyLong_FromUnsignedLongLong PyMethod_Self PyModuleDef_Init PyModule_GetDef PyModule_GetState PyObject_CheckBuffer PyObject_GC_Track PyObject_GC_UnTrack PyObject_Init
    PyObject_SelfIter PySys_GetObject PyThread_acquire_lock_timed PyThread_allocate_lock PyThread_free_lock PyThread_get_thread_ident
    PyThread_release_lock PyType_GetModule PyType_IsSubtype PyUnicode_GetLength PyUnicode_New PyUnicode_ReadChar PyVectorcall_Call Py_GetVersion
    Py_IsFinalizing _PyType_Lookup
    _Py_IsFinalizing
"""

#: Named by an inline function of pyo3-ffi, which is only reached where this is not called.
NOT_REACHED = {"_Py_Dealloc"}


def guarded_functions():
    return set(re.findall(r"^GUARDED(?:_VOID)?\((?:[\w *]+, )?(_?Py\w+), \(", (ROOT / "src" / "py" / "gil.c").read_text(), re.M))


def test_functions_of_python_that_may_run_code_are_guarded(lupa_module):
    """What a compiled module imports is guarded or known to be harmless (src/py/gil.c)."""
    core = importlib.import_module("lupa._core")
    for module in (lupa_module, core):
        listing = subprocess.run(["nm", "-D", "--undefined-only", module.__file__], capture_output=True, text=True, check=True)
        imported = set(re.findall(r" [Uw] (_?Py\w+)", listing.stdout))
        data = {name for name in imported if re.match(r"PyExc_|Py\w+_Type$|_Py_\w+Struct$", name)}
        assert imported - data - guarded_functions() - set(HARMLESS.split()) - NOT_REACHED == set(), module.__name__


def test_rust_names_the_guarded_functions_only_as_such():
    declared = (ROOT / "src" / "ffi" / "python.rs").read_text().split("guarded! {")[1]
    assert set(re.findall(r"^    fn (\w+)\(", declared, re.M)) == guarded_functions()
    for path in (ROOT / "src").rglob("*.rs"):
        if path.parent.name != "ffi":
            assert "pyo3_ffi" not in path.read_text(), f"{path.name}: the names of src/ffi/python.rs are the guarded ones"


def test_the_protections_that_mutations_take_out_are_there():
    spec = importlib.util.spec_from_file_location("mutations", ROOT / "tests" / "mutations" / "run.py")
    mutations = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mutations)
    protections = list(mutations.read_protections())
    assert len(protections) > 70
    assert [each.name for each in protections if not each.is_in((ROOT / each.file).read_text(encoding="utf-8"))] == []
    assert [test for each in protections for test in each.tests if not (ROOT / test.partition("::")[0]).exists()] == []
