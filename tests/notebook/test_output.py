"""What a cell shows: the output of both languages and of C, tables, errors."""

import os
import re
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.deviation, pytest.mark.skipif(os.name == "nt", reason="there are no such pipes on Windows")]


def plain(text):
    """Without the colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", text)


#: The pipes that the kernel has open; its own threads leave other things behind for a while.
PIPES = """
import os
def pipes():
    paths = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return sorted(os.readlink(path) for path in paths if os.path.islink(path) and os.readlink(path).startswith("pipe:"))
"""


class TestOutput:
    def test_print_is_in_the_cell(self, notebook):
        assert notebook("%lua print('one', 2)").stdout == "one\t2\n"
        assert notebook("%lua x = 1").stdout == ""

    def test_all_ways_to_write(self, notebook):
        code = "io.write('a ') io.stdout:write('b ') io.stderr:write('e') python.builtins.print('c')"
        outcome = notebook("%%lua\n" + code)
        assert (outcome.stdout, outcome.stderr) == ("a b c\n", "e")

    def test_output_of_other_programs(self, notebook):
        assert notebook("%lua os.execute('echo from a program')").stdout == "from a program\n"

    def test_output_of_c(self, notebook):
        notebook("import ctypes\nputs = lambda: ctypes.CDLL(None).puts(b'from C')")
        assert notebook("%%lua -i puts\nprint('before')\nputs()\nprint('after')").stdout == "before\nfrom C\nafter\n"

    def test_both_languages_keep_their_order(self, notebook):
        code = "for i = 1, 20 do io.write('lua ', i, '\\n') python.builtins.print('python', i) end"
        assert notebook("%%lua\n" + code).stdout == "".join(f"lua {i}\npython {i}\n" for i in range(1, 21))

    def test_much_output(self, notebook):
        assert notebook("%lua for i = 1, 20000 do print('a line of some length', i) end").stdout.count("\n") == 20000

    def test_output_before_an_error(self, notebook):
        outcome = notebook.run("%%lua\nio.write('before')\nerror('no')")
        assert outcome.stdout == "before" and outcome.error

    def test_characters_of_several_bytes(self, notebook):
        assert notebook("%lua for c in ('äöü€'):gmatch('.') do io.write(c) end").stdout == "äöü€"

    def test_bytes_that_are_no_text(self, notebook):
        assert notebook("%lua io.write('a\\255b')").stdout == "a\N{REPLACEMENT CHARACTER}b"

    def test_the_output_of_python_is_untouched_afterwards(self, notebook):
        notebook("import sys; stream = sys.stdout")
        notebook("%lua print(1)")
        assert notebook("print(sys.stdout is stream)").stdout == "True\n"

    def test_no_file_stays_open(self, notebook):
        if not os.path.exists("/proc/self/fd"):
            pytest.skip("this system does not list open files")
        notebook(PIPES)
        notebook("before = pipes()")
        for _ in range(3):
            notebook("%lua print(1)")
        assert notebook("pipes() == before").text == "True"

    def test_a_cell_inside_of_a_cell(self, notebook):
        notebook("def inner():\n    print('python')\n    get_ipython().run_line_magic('lua', 'print(\"inner\")')")
        outcome = notebook("%%lua -i inner\nprint('before')\ninner()\nprint('after')")
        assert outcome.stdout == "before\npython\ninner\nafter\n"

    def test_captured_output(self, notebook):
        notebook("%%capture shown\n%lua print('captured')")
        assert notebook("shown.stdout").text == "'captured\\n'"


def test_ipython_on_a_terminal_needs_no_pipes(kernel):
    code = "run = get_ipython().run_line_magic; run('load_ext', 'lupa'); run('lua', 'print(1) error(\\'no\\')')"
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith("1\n")
    assert "---->   1 print(1) error('no')" in done.stdout + done.stderr


class TestTables:
    def test_as_text(self, notebook):
        assert notebook("%lua {1, 2, x = {y = 'z'}}").text == '{1, 2, x = {y = "z"}}'

    def test_inside_of_python_values(self, notebook):
        assert notebook("[lua.table(1, 2), lua.table()]").text == "[{1, 2}, {}]"

    def test_large_ones_have_lines(self, notebook):
        notebook("%lua -o t t = {} for i = 1, 12 do t['name' .. i] = ('x'):rep(20) end")
        lines = notebook("t").text.splitlines()
        assert len(lines) == 14 and lines[0] == "{" and lines[1].startswith('  name1 = "xxx')

    def test_as_html(self, notebook):
        html = notebook("%lua {1, x = '<b>'}").html
        assert "<table>" in html and "[1]" in html and "&lt;b&gt;" in html and "<b>" not in html

    def test_nested_ones_as_html(self, notebook):
        assert notebook("%lua {x = {y = {}}}").html.count("<table>") == 2

    def test_cycles_as_html(self, notebook):
        html = notebook("%lua (function() local t = {} t.self = t return t end)()").html
        assert "&lt;1&gt;" in html and "&lt;table 1&gt;" in html

    def test_long_ones_are_cut(self, notebook):
        notebook("%lua -o t t = {} for i = 1, 5000 do t[i] = i end")
        outcome = notebook("t")
        assert "4900 more" in outcome.text and "4900 more" in outcome.html
        assert len(outcome.html) < 50_000

    def test_those_of_any_runtime(self, notebook):
        notebook("import lupa; other = lupa.LuaRuntime(libs='safe').eval('{1, \"\\\\255\"}')")
        assert notebook("other").text == '{1, "\\255"}'


CATCH = """
import lupa
try:
    get_ipython().run_line_magic('lua', 'error({code = 7})')
except lupa.LuaError as error:
    code = error.value.code
"""


class TestErrors:
    def test_an_error_shows_the_lines_of_its_cell(self, notebook):
        outcome = notebook.run("%%lua\nlocal function fail()\n  error('too bad')\nend\nfail()")
        assert outcome.error[0] == "LuaError"
        assert re.match(r"In\[\d+\]:2: too bad\n", outcome.error[1])
        shown = plain(outcome.traceback)
        assert "        1 local function fail()\n---->   2   error('too bad')\n        3 end" in shown
        assert "---->   4 fail()" in shown
        assert re.search(r"In\[\d+\]:4: in main chunk", shown)
        assert re.search(r"LuaError: In\[\d+\]:2: too bad$", shown)
        assert "_notebook" not in shown and "_interactive" not in shown

    def test_it_is_coloured(self, notebook):
        assert "\x1b[36m" in notebook.run("%lua error('x')").traceback

    def test_functions_of_other_cells_show_their_own_lines(self, notebook):
        notebook("%%lua\n-- one\nfunction fail()\n  error('far away')\nend")
        shown = plain(notebook.run("%%lua\n\nfail()").traceback)
        assert "---->   3   error('far away')" in shown and "---->   2 fail()" in shown

    def test_files_show_their_lines(self, notebook, tmp_path):
        (tmp_path / "module.lua").write_text("local x = 1\nerror('in a file')\n")
        notebook(f"import os; folder = os.getcwd(); os.chdir({str(tmp_path)!r})")
        shown = plain(notebook.run("%lua dofile('module.lua')").traceback)
        notebook("os.chdir(folder)")
        assert "---->   2 error('in a file')" in shown

    def test_a_syntax_error_shows_its_line(self, notebook):
        outcome = notebook.run("%%lua\nx = 1\ny = = 2")
        assert outcome.error[0] == "LuaSyntaxError"
        assert "---->   2 y = = 2" in plain(outcome.traceback)

    def test_an_unfinished_cell_is_a_syntax_error(self, notebook):
        assert notebook.run("%%lua\nfunction f()").error[0] == "LuaSyntaxError"

    def test_an_error_value_is_told(self, notebook):
        outcome = notebook.run("%lua error(setmetatable({}, {__tostring = function() return 'told' end}))")
        assert plain(outcome.traceback).endswith("LuaError: told")

    def test_a_python_exception_shows_both_languages(self, notebook):
        notebook("def fail():\n    raise ValueError('from python')")
        outcome = notebook.run("%%lua -i fail\n\nfail()")
        assert outcome.error[:2] == ("ValueError", "from python")
        shown = plain(outcome.traceback)
        assert "def fail():" in shown and "raise ValueError('from python')" in shown
        assert "Lua traceback" in shown and "---->   2 fail()" in shown
        assert "_notebook" not in shown and "run_cell_magic" not in shown

    def test_the_next_cell_works(self, notebook):
        assert notebook.run("%lua error('x')").error
        assert notebook("%lua 1").text == "1"

    def test_the_exception_can_be_caught(self, notebook):
        notebook(CATCH)
        assert notebook("code").text == "7"
