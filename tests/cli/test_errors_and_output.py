"""How the command line ends: errors, exit statuses, and the order of what both languages print."""

import pytest


def test_an_error_is_shown_with_its_lua_traceback(lupa_command, script):
    code = "local function fail()\n  error('too bad')\nend\nfail()\n"
    outcome = lupa_command(script(code, name="broken.lua"), status=1)
    first, *traceback = outcome.err.splitlines()
    assert first == "lupa: broken.lua:2: too bad"
    assert traceback[0] == "stack traceback:"
    assert any("broken.lua:4: in main chunk" in line for line in traceback)
    assert outcome.out == ""


def test_an_error_in_e_names_the_command_line(lupa_command):
    assert lupa_command("-e", "error('no')", status=1).err.startswith("lupa: (command line):1: no\nstack traceback:\n")


def test_an_error_in_standard_input_names_it(lupa_command):
    assert lupa_command("-", stdin=b"\nerror('no')", status=1).err.startswith("lupa: stdin:2: no\n")


def test_an_error_ends_the_run(lupa_command, script):
    outcome = lupa_command("-e", "print('first')", "-e", "error('second')", script("print('third')"), status=1)
    assert outcome.out == "first\n"


def test_a_syntax_error_is_one_line(lupa_command, script):
    error = lupa_command(script("x = = 1", name="wrong.lua"), status=1).err
    assert error.startswith("lupa: wrong.lua:1: ") and error.count("\n") == 1


def test_a_missing_script_is_named(lupa_command):
    assert lupa_command("missing.lua", status=1).err == "lupa: cannot open missing.lua: No such file or directory\n"


def test_a_folder_is_no_script(command_line, tmp_path):
    (tmp_path / "folder").mkdir()
    assert command_line("folder", status=1).err.startswith("lupa: cannot open folder: ")


@pytest.mark.deviation
@pytest.mark.parametrize("value, text", [
    ("{}", "(error object is a table value)"),
    ("true", "(error object is a boolean value)"),
    ("print", "(error object is a function value)"),
    ("nil", "(error object is a nil value)"),
    ("setmetatable({}, {__tostring = function() return 'told' end})", "told"),
])
def test_an_error_object_is_described(lupa_command, value, text):
    assert lupa_command("-e", f"error({value})", status=1).err.splitlines()[0] == "lupa: " + text


@pytest.mark.deviation
def test_an_error_object_that_fails_to_describe_itself_is_an_error_object(lupa_command):
    value = "setmetatable({}, {__tostring = function() error('again') end})"
    error = lupa_command("-e", f"tostring = nil error({value})", status=1).err
    assert error.splitlines()[0] == "lupa: (error object is a table value)"


def test_a_number_is_an_error_message(lupa_command):
    assert lupa_command("-e", "error(42, 0)", status=1).err.splitlines()[0] == "lupa: 42"


def test_a_python_exception_is_shown_with_its_traceback(lupa_command):
    error = lupa_command("-e", "python.eval('[][1]')", status=1).err
    assert error.startswith("lupa: IndexError: list index out of range\nTraceback ")


def test_an_os_error_of_the_script_is_not_taken_for_a_missing_script(lupa_command):
    error = lupa_command("-e", "python.builtins.open('nowhere')", status=1).err
    assert error.startswith("lupa: FileNotFoundError: ")


def test_out_of_memory_is_an_error(lupa_command, usual_allocator):
    pytest.importorskip("resource", reason="the system has no limit for the memory of a process")
    limit = "python.eval[[__import__('resource').setrlimit(__import__('resource').RLIMIT_AS, (2**29, 2**29))]]"
    grow = "local s = ('x'):rep(2^20) while true do s = s .. s end"
    assert lupa_command("-e", limit, "-e", grow, status=1).err.startswith("lupa: not enough memory")


@pytest.mark.parametrize("code, status", [
    ("python.builtins.exit(3)", 3),
    ("python.builtins.exit()", 0),
    ("os.exit(4)", 4),
    ("os.exit()", 0),
])
def test_exit_statuses_pass_through(lupa_command, code, status):
    assert lupa_command("-e", code, "-e", "print('not reached')", status=status).out == ""


def test_exit_takes_booleans_since_lua_5_2(lupa_command, lua_version, flavour):
    if lua_version < (5, 2) and not flavour.is_luajit:
        pytest.skip("os.exit takes booleans since Lua 5.2")
    lupa_command("-e", "os.exit(true)", status=0)
    lupa_command("-e", "os.exit(false)", status=1)


def test_a_system_exit_with_a_message_is_pythons(lupa_command):
    assert lupa_command("-e", "python.builtins.exit('bye')", status=1).err == "bye\n"


ALTERNATING = """
for i = 1, 3 do
  print("lua", i)
  python.builtins.print("python", i)
end
"""


def test_both_languages_print_in_order_to_a_pipe(lupa_command, script):
    expected = "".join(f"lua\t{i}\npython {i}\n" for i in (1, 2, 3))
    assert lupa_command(script(ALTERNATING)).out == expected


@pytest.mark.parametrize("ending", ["os.exit(0)", "python.builtins.exit(0)", "return"])
def test_an_unfinished_line_is_not_lost(lupa_command, ending):
    code = "python.builtins.print('python', python.args{[\"end\"]='.'}) io.write('lua') " + ending
    assert sorted(lupa_command("-e", code).out.split(".")) in (["lua", "python"], ["lua", "", "python"])


def test_output_precedes_the_error_message(command_line, script):
    name = script("io.stdout:setvbuf('full') print('out') error('err')")
    assert command_line("-e", f"dofile('{name}')", status=1).out == "out\n"


def test_a_closed_standard_output_does_no_harm(command_line):
    assert command_line("-e", "io.stdout:close()").err == ""


def test_a_script_may_replace_the_standard_libraries(command_line):
    assert command_line("-e", "io, os, debug = nil error('bare', 0)", status=1).err.startswith("lupa: bare")


def test_a_hook_that_raises_is_an_error_of_the_script(lupa_command):
    code = "debug.sethook(function() error('in the hook', 0) end, 'l')\nx = 1"
    error = lupa_command("-e", code, status=1).err
    assert error.startswith("lupa: in the hook\n") and "Python" not in error


def test_finalizers_run_at_the_end(lupa_command, lua_version):
    code = "setmetatable({}, {__gc = function() print('finalized') end})"
    if lua_version < (5, 2):
        code = "getmetatable(newproxy(true)).__gc = function() print('finalized') end"
    assert lupa_command("-e", "print('running') " + code).out == "running\nfinalized\n"
