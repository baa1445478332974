"""What the longer examples do with what they do not print."""

import contextlib
import io
import sys
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from test_examples import load


@pytest.fixture
def example(request):
    """The names that the example of the class defines."""
    return load(request.cls.example)


class TestConfiguration:
    example = "configuration"

    @pytest.fixture
    def settings(self, example, new_runtime, tmp_path):
        def settings(text, **given):
            file = tmp_path / "settings.lua"
            file.write_text(text)
            return example["load"](file, new_runtime, **given)

        return settings

    def test_tables_become_lists_or_dicts(self, settings):
        text = "a = {} b = {1, {x = 'y'}} c = {[1] = 'x', z = true} d = {[2] = 'no list'}"
        assert settings(text) == {"a": [], "b": [1, {"x": "y"}], "c": {1: "x", "z": True}, "d": {2: "no list"}}

    def test_what_is_given_is_known_and_no_setting(self, settings):
        assert settings("doubled = 2 * given", given=21) == {"doubled": 42}

    @pytest.mark.parametrize("name", ["python", "io", "require", "dofile", "debug"])
    def test_doors_are_closed(self, example, settings, name):
        with pytest.raises(example["ConfigurationError"], match=f"^settings.lua:1: there is no '{name}'$"):
            settings(f"x = {name}")

    @pytest.mark.parametrize(
        "text, message",
        [
            ("t = {} t.t = t", "settings.lua: a table contains itself"),
            ("x = {{print}}", "settings.lua: x.1.1 is a function"),
            ("x = 1 +\n2\n\nerror('no', 0)", "no"),
        ],
        ids=["cycle", "function", "error"],
    )
    def test_what_is_no_data_is_an_error(self, example, settings, text, message):
        with pytest.raises(example["ConfigurationError"]) as caught:
            settings(text)
        assert str(caught.value) == message


class TestPluginHost:
    example = "plugin_host"

    @pytest.fixture
    def outcome(self, example, new_runtime, needs_allocator, capsys):
        """What is printed of a plug-in, when it is added and when somebody writes."""

        def outcome(source):
            host = example["Host"](new_runtime)
            host.add("it", source)
            host.write("Ada", "hello")
            return capsys.readouterr().out.splitlines()

        return outcome

    def test_a_plugin_gets_who_and_what(self, outcome):
        printed = outcome("return function(...) say(table.concat({...}, ': ')) end")
        assert printed == ["Ada writes: hello", "  it says: Ada: hello"]

    @pytest.mark.parametrize(
        "source, reason",
        [
            ("x =", "unexpected symbol near"),
            ("error('', 0)", ""),
            ("error({})", ""),
            ("error()", ""),
            ("while true do end", "did not come to an end"),
            ("while true do pcall(error) end", "did not come to an end"),
            ("local all = {} while true do all[#all + 1] = {} end", ""),
            ("local function deeper() return 1 + deeper() end deeper()", ""),
            ("say({})", "plug-ins say text"),
            ("say.name = 1", "plug-ins may not write name"),
            ("say[1] = 1", "plug-ins may not"),
        ],
    )
    def test_what_goes_wrong_at_first_removes_it(self, outcome, source, reason):
        removed, written = outcome(source)
        assert removed.startswith("  it is removed: ") and reason in removed
        assert written == "Ada writes: hello"

    @pytest.mark.parametrize("source", ["", "return 1", "return function() error(say) end"])
    def test_what_goes_wrong_later_removes_it(self, outcome, source):
        written, removed = outcome(source)
        assert (written, removed.startswith("  it is removed: ")) == ("Ada writes: hello", True)

    @pytest.mark.parametrize(
        "name",
        ["python", "io", "os", "require", "load", "debug", "coroutine", "setmetatable", "xpcall", "newproxy", "_G"],
    )
    def test_doors_are_closed(self, outcome, name):
        assert outcome(f"say(tostring({name})) return function() end")[0] == "  it says: nil"

    def test_an_exception_that_is_caught_leads_nowhere(self, outcome):
        source = "local _, e = pcall(say) local ok = pcall(function() return e.__traceback__ end) say(tostring(ok))"
        assert outcome(source + " return function() end")[0] == "  it says: false"


class TestRules:
    example = "rules"

    @pytest.fixture
    def reports(self):
        return []

    @pytest.fixture
    def rules(self, example, new_runtime, tmp_path, reports):
        return example["Rules"](tmp_path, reports.append, new_runtime)

    @staticmethod
    def rule(name, when="true", run=""):
        return f"return {{{{name = '{name}', when = function(x) return {when} end, run = function(x) {run} end}}}}"

    def test_files_come_and_go(self, rules, tmp_path, reports):
        assert rules.apply({}) == []
        (tmp_path / "b.lua").write_text(self.rule("second"))
        (tmp_path / "a.lua").write_text(self.rule("first"))
        assert rules.apply({}) == ["first", "second"]
        (tmp_path / "a.lua").unlink()
        assert (rules.apply({}), reports) == (["second"], [])

    def test_an_edit_of_the_same_length_counts(self, rules, tmp_path):
        for name in ("one", "two"):
            (tmp_path / "rules.lua").write_text(self.rule(name))
            assert rules.apply({}) == [name]

    def test_rules_see_what_the_rules_before_did(self, rules, tmp_path):
        (tmp_path / "a.lua").write_text(self.rule("sets", "x.n == 1", "x.n = 2"))
        (tmp_path / "b.lua").write_text(self.rule("sees", "x.n == 2", "x.n = 3"))
        subject = {"n": 1}
        assert (rules.apply(subject), subject) == (["sets", "sees"], {"n": 3})

    @pytest.mark.parametrize(
        "broken", ["return", "return 1", "return {1}", "return {{name = 'x'}}", "x =", "error({})"]
    )
    def test_a_broken_edit_is_reported_once(self, rules, tmp_path, reports, broken):
        file = tmp_path / "rules.lua"
        for text in (self.rule("good"), broken):
            file.write_text(text)
            assert rules.apply({}) == rules.apply({}) == ["good"]
        assert [report.partition(":")[0] for report in reports] == ["rules.lua keeps its old rules"]
        file.write_text(self.rule("better"))
        assert rules.apply({}) == ["better"]

    def test_nothing_of_the_version_before_stays(self, rules, tmp_path):
        for name in ("first", "second"):
            (tmp_path / "rules.lua").write_text(f"count = (count or 0) + 1 {self.rule(name, 'count == 1')}")
            assert rules.apply({}) == [name]


class TestTemplates:
    example = "templates"

    @pytest.fixture
    def render(self, example, new_runtime):
        def render(text, **data):
            return example["Template"](new_runtime(), text, "page.html")(**data)

        return render

    @pytest.mark.parametrize(
        "text, rendered",
        [
            ("", ""),
            ('"quoted" \\n \\ ]] --[[', '"quoted" \\n \\ ]] --[['),
            ("a\r\nb\0007\n\n", "a\r\nb\0007\n\n"),
            ("{{ 'a' }}{{'b'}}\n", "ab\n"),
            ("{{ nothing }}{{ false }}", "false"),
            ("{% for i = 1, 3 do %}\n{{ i }}\n{% end %}\n", "1\n2\n3\n"),
            ("{% if x then\nput('<')\nend %}{{ x }}", "<yes"),
            ("{{ ({a = '}'}).a }}", "}"),
            ("{% local function f() return x end %}{{ f() }}", "yes"),
            ("{{ '&<>\"' .. \"'\" }}", "&amp;&lt;&gt;&#34;&#39;"),
        ],
    )
    def test_text_and_tags(self, render, text, rendered):
        assert render(text, x="yes") == rendered

    def test_what_a_template_sets_ends_with_it(self, example, new_runtime):
        template = example["Template"](new_runtime(), "{{ x }}{% x = 'changed' %}{{ x }}", "page.html")
        assert [template(x=1), template(), template(x="<")] == ["1changed", "changed", "&lt;changed"]

    def test_a_template_within_itself(self, example, new_runtime):
        text = "({{ x }}{% if inner then put(inner()) end %}{{ x }})"
        template = example["Template"](new_runtime(), text, "page.html")
        assert template(x="a", inner=lambda: template(x="b")) == "(a(bb)a)"

    @pytest.mark.parametrize(
        "text, line",
        [("\n\n{{ error('x') }}", 3), ("{% if true then %}\n{% error('x') end %}", 2), ("\\\n{{ x.y.z }}", 2)],
    )
    def test_errors_name_the_line(self, lupa_module, render, text, line):
        with pytest.raises(lupa_module.LuaError, match=f"^page.html:{line}: "):
            render(text)

    def test_exceptions_pass(self, render):
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            render("{{ guest.nothing }}", guest=object())


class TestSpreadsheet:
    example = "spreadsheet"

    @pytest.fixture
    def sheet(self, example, new_runtime):
        return example["Sheet"](new_runtime)

    def test_values(self, sheet):
        for cell, content in {"A1": 2, "A2": "text", "A3": "=A1 * 3", "B1": "=A3 + A9", "B2": "=A2"}.items():
            sheet.set(cell, content)
        assert [sheet.value(cell) for cell in ("A1", "A2", "A3", "B1", "B2", "Z9")] == [2, "text", 6, 6, "text", 0]

    def test_a_range_is_a_rectangle(self, sheet):
        for number, cell in enumerate(["A1", "A2", "B1", "B2", "C1"]):
            sheet.set(cell, 10**number)
        sheet.set("D1", "=SUM(A1:B2) + SUM(C1:C1) + SUM(A8:B9)")
        assert sheet.value("D1") == 11111

    def test_only_users_of_a_cell_are_evaluated_again(self, sheet):
        for cell, content in {"A1": 1, "A2": "=A1", "A3": "=A2", "B1": 1, "B2": "=B1"}.items():
            sheet.set(cell, content)
        assert (sheet.value("A3"), sheet.value("B2")) == (1, 1)
        assert sheet.set("A1", 5) == {"A2", "A3"}
        assert sheet.values == {"B1": 1, "B2": 1}
        assert sheet.value("A3") == 5
        assert sheet.set("A2", 7) == {"A3"}
        assert sheet.value("A3") == 7

    def test_a_long_chain(self, sheet):
        sheet.set("A1", 1)
        for row in range(2, 301):
            sheet.set(f"A{row}", f"=A{row - 1} + 1")
        assert sheet.value("A300") == 300

    def test_a_cycle_can_be_broken(self, example, sheet):
        sheet.set("A1", "=A1")
        with pytest.raises(example["FormulaError"], match="^A1 needs A1$"):
            sheet.value("A1")
        sheet.set("A1", "=A2")
        sheet.set("A2", "=A1")
        with pytest.raises(example["FormulaError"], match="^A2 needs A1 needs A2$"):
            sheet.value("A2")
        sheet.set("A1", 3)
        assert sheet.value("A2") == 3

    @pytest.mark.parametrize(
        "formula", ["=", "=1,2", "=nil", "=SUM", "=B1:B2", "=pcall(SUM)", "=python", "=x.y", "=1 +", "=SUM(nil)"]
    )
    def test_what_has_no_value(self, example, sheet, formula):
        sheet.set("A1", formula)
        sheet.set("A2", "=A1")
        for _ in range(2):
            with pytest.raises(example["FormulaError"], match="^A1:"):
                sheet.value("A2")
        sheet.set("A1", 1)
        assert sheet.value("A2") == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestSimilarNames:
    example = "similar_names"

    @pytest.fixture
    def find(self, example, new_runtime):
        def find(names, known, threads=2):
            return example["find_nearest"](names, known, threads, new_runtime)

        return find

    @pytest.mark.parametrize(
        "name, known, distance",
        [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("same", "same", 0), ("M\xfcller", "Muller", 1)],
    )
    def test_distances(self, find, name, known, distance):
        assert find([name], [known]) == [(known, distance)]

    @pytest.mark.parametrize("threads", [1, 3])
    def test_the_order_is_that_of_the_names(self, find, threads):
        known = [format(number, "08b") for number in range(64)]
        assert find(known[::-1], known, threads) == [(name, 0) for name in known[::-1]]

    def test_each_thread_has_a_runtime(self, example, new_runtime):
        made_by = []

        def counting(**options):
            made_by.append(threading.current_thread())
            return new_runtime(**options)

        example["find_nearest"](["a"] * 50, ["a", "b"], 3, counting)
        assert 1 <= len(made_by) == len(set(made_by)) <= 3
        assert threading.current_thread() not in made_by

    def test_the_bar_of_tqdm(self, find, monkeypatch):
        tqdm = pytest.importorskip("tqdm", reason="tqdm is not installed")
        monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)       # its thread would outlive the test
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        assert find(["a", "b", "c"], ["c"]) == [("c", 1), ("c", 1), ("c", 0)]
        assert "100%" in terminal.getvalue() and "3/3" in terminal.getvalue()

    def test_a_count_without_tqdm(self, find, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm", None)
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        assert find(["a", "b", "c"], ["c"]) == [("c", 1), ("c", 1), ("c", 0)]
        assert terminal.getvalue() == "\r1/3\r2/3\r3/3\n"

    def test_no_bar_without_a_terminal(self, find, capsys):
        find(["a"], ["a"])
        assert capsys.readouterr() == ("", "")


class TestWebHandlers:
    example = "web_handlers"

    @pytest.fixture
    def logged(self):
        return []

    @pytest.fixture
    def serve(self, example, new_runtime, logged):
        """Start a server with some handlers; returns what sends a request."""
        with contextlib.ExitStack() as stack:

            def serve(handlers):
                application = example["Application"](handlers, logged.append, new_runtime)
                port = stack.enter_context(example["serving"](application))
                return lambda *request, **form: example["fetch"](port, *request, **form)

            yield serve

    @pytest.mark.parametrize("text", ["", "<b>&", "caf\xe9 \u20ac", "a+b=c&d"])
    def test_text_goes_both_ways(self, serve, text):
        handler = "function(got) return got.path.it .. ':' .. got.form.it .. got.query.it, 202 end"
        fetch = serve(f"route('POST', '/<path:it>', {handler})")
        quoted = urllib.parse.quote(text)
        assert fetch("POST", f"/x{quoted}?it={quoted}", it=text) == (202, f"x{text}:{text}{text}")

    def test_requests_in_many_threads_take_turns(self, serve):
        fetch = serve("local n = 0 route('GET', '/', function() local old = n n = old + 1 return tostring(n) end)")
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: fetch("GET", "/"), range(40)))
        assert sorted(answers) == sorted((200, str(number)) for number in range(1, 41))

    @pytest.mark.parametrize(
        "body, message",
        [
            ("error('no')", "handlers.lua:1: no"),
            ("error({})", ""),
            ("return", "a handler returns text and a status"),
            ("return {}", "a handler returns text and a status"),
            ("return 'a', 200, 'b'", "too many values to unpack"),
            ("return 'a', 'b'", "a handler returns text and a status"),
            ("return request.nothing.x", "handlers.lua:1: "),
        ],
    )
    def test_a_broken_handler_is_logged_and_the_others_go_on(self, serve, logged, body, message):
        fetch = serve(
            f"route('GET', '/broken', function(request) {body} end) route('GET', '/', function() return 'fine' end)"
        )
        assert fetch("GET", "/broken") == (500, "something went wrong")
        assert len(logged) == 1 and message in logged[0]
        assert fetch("GET", "/") == (200, "fine")

    def test_broken_handlers_do_not_start(self, serve, lupa_module):
        with pytest.raises(lupa_module.LuaSyntaxError):
            serve("route(")
