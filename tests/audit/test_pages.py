"""The generated pages, and what the source has to keep so that they can be believed."""

import re

import pytest

import audit_calls as calls
import pages
import audit_peaks as peaks
import audit_source as source

#: What Lua leaves free for a C function.
MINSTACK = 20


@pytest.fixture(scope="module")
def read():
    return pages.Source()


@pytest.fixture(scope="module", params=[source.WITH_PYTHON, source.WITHOUT_PYTHON], ids=["with Python", "without Python"])
def program(request):
    return pages.Source(request.param)


def test_the_pages_are_up_to_date():
    stale = [str(path.relative_to(source.ROOT)) for path in pages.outdated()]
    assert stale == [], "run python tests/audit/pages.py"


def test_what_does_not_depend_on_data_fits_into_the_free_slots(program):
    peaks_of = {function.name: program.peak(function) for function in program.functions}
    assert {name: str(peak) for name, peak in peaks_of.items() if peak.count >= MINSTACK} == {}


def test_where_a_condition_keeps_a_function_from_raising_the_reason_is_given(read):
    needed = {(function.name, callee) for function, callee in read.needing_conditions()}
    assert needed == set(calls.conditions())


def test_what_rust_calls_never_raises(program):
    may_raise = {name for name, ways in program.ways.items() if calls.RUST in ways and program.ours[name].effect.raises != "-"}
    assert may_raise == set()


def test_every_c_function_is_reached(read):
    assert {name for name, ways in read.ways.items() if not ways} == set()


def test_every_rust_function_that_touches_the_stack_states_its_effect(program):
    silent = [
        f"{function.file}:{function.line}: {function.name}"
        for function in program.functions
        if not function.in_c and not function.effect and not function.is_edge and program.peak(function) != peaks.Height()
    ]
    assert silent == []


def stated_in_code(function):
    text = (source.ROOT / function.file).read_text(encoding="utf-8").split("\n", function.line - 1)[-1]
    body = text[: text.index("\n" + re.match(" *", text)[0] + "}")]
    return re.findall(r'\beffect!\([^"]*"([^"]*)"\)', body)


def test_rust_functions_are_compared_with_the_effect_that_they_state(program):
    """Those whose effect is fixed, and which change the stack themselves; src/lua/stack.rs has the calls, which are compared."""
    known = {**program.api, **{function.name: function for function in program.functions}}
    compared = 0
    for function in program.rust_functions:
        stated = stated_in_code(function)
        assert stated in ([], [function.effect.text]), f"{function.file}: {function.name}"
        compared += len(stated)
        walk = peaks.Walk(function, known, lambda name: None)
        is_fixed = not re.search("[a-z]", function.effect.pops + function.effect.pushes)
        if is_fixed and walk.run() != peaks.Height() and not function.is_edge and function.file != "src/lua/stack.rs":
            assert stated, f"{function.file}: {function.name} is not compared"
    assert compared > (40 if program.functions[-1].file.startswith("src/api") else 8)


def test_the_table_says_what_is_used(read):
    used = set(pages.used_where(read)) & set(read.api)
    assert used == {each.name for each in read.api.values() if each.used != "-"}


class TestPeaks:
    """The walk through the code, on code that shows one thing each."""

    @staticmethod
    def peak(body, **others):
        api = source.api()
        function = source.Function("lupa_test", "lua/test.h", 1, source.Effect.find("[-0, +0, -]"), body, "L")
        helpers = [source.Function(name, "lua/test.h", 2, source.Effect.find(text), "", "L") for name, text in others.items()]
        return str(peaks.peaks([function, *helpers], api)["lua/test.h", 1])

    def test_pushes_add_up(self):
        assert self.peak("lua_pushnil(L); lua_pushnil(L); lua_pop(L, 1); lua_pushnil(L);") == "2"

    def test_the_greater_branch_counts(self):
        assert self.peak("if (a) { lua_pushnil(L); lua_pushnil(L); } else lua_pushnil(L); lua_pushnil(L);") == "3"

    def test_a_branch_that_returns_does_not_count_for_what_follows(self):
        assert self.peak("if (a) { lua_pushnil(L); return; } lua_pushnil(L);") == "1"

    def test_a_loop_that_pushes_is_not_counted(self):
        assert self.peak("for (i = 0; i < n; i++) lua_pushnil(L);") == "n + 1"

    def test_a_loop_that_drops_what_it_pushes_is(self):
        assert self.peak("lua_pushnil(L); while (lua_next(L, 1)) { lua_pop(L, 1); }") == "2"

    def test_another_stack_does_not_count(self):
        assert self.peak("lua_pushnil(co); lua_xmove(co, L, 2);") == "2"

    def test_calls_within_arguments_come_first(self):
        assert self.peak("lua_pushinteger(L, lupa_helper(L));", lupa_helper="[-0, +1, -]") == "2"

    def test_what_the_preprocessor_chooses_between_are_branches(self):
        assert self.peak("\n#if A\nlua_pushnil(L);\n#else\nlua_pushnil(L); lua_pushnil(L);\n#endif\n") == "2"
