"""What the words of the command line mean: options, the script, its arguments."""

import os
import subprocess
import sys

import pytest

import lupa

SHOW_ARGUMENTS = """
local shown = {}
for place = -20, 20 do
  if arg[place] then shown[#shown + 1] = place .. "=" .. arg[place] end
end
print(table.concat(shown, " "))
print(select("#", ...), ...)
"""


def test_the_installed_script_is_the_same_program():
    program = "import sys; sys.argv[0] = '/bin/lupa'; from lupa.__main__ import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "-e", "print(arg[0], arg[1], arg[2], arg[-1])"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "/bin/lupa\t-e\tprint(arg[0], arg[1], arg[2], arg[-1])\tnil\n"


def test_code_given_with_e_runs(lupa_command):
    assert lupa_command("-e", "print(1 + 1)").out == "2\n"


def test_several_e_run_in_order_in_one_runtime(lupa_command):
    assert lupa_command("-e", "x = 20", "-e", "x = x + 1", "-e", "print(x)").out == "21\n"


def test_code_given_with_e_runs_before_the_script(lupa_command, script):
    assert lupa_command("-e", "x = 'before'", script("print(x)")).out == "before\n"


def test_code_given_with_e_has_no_arguments(lupa_command, script):
    assert lupa_command("-e", "print(select('#', ...))", script(""), "a", "b").out == "0\n"


def test_a_script_runs(lupa_command, script):
    assert lupa_command(script("print('from a file')")).out == "from a file\n"


def test_a_script_comes_from_standard_input(lupa_command):
    assert lupa_command("-", "a", stdin=b"print(arg[0], ...)").out == "-\ta\n"


def test_standard_input_is_the_script_when_nothing_is_named(lupa_command):
    assert lupa_command(stdin=b"print(arg[1], arg[2], ...)").out == "-m\tlupa\n"


def test_arguments_reach_the_script_as_varargs_and_as_arg(lupa_command, script):
    name = script(SHOW_ARGUMENTS)
    arguments, varargs = lupa_command("-e", "x = 1", name, "one", "two words").out.splitlines()
    assert arguments.endswith(f"-2=-e -1=x = 1 0={name} 1=one 2=two words")
    assert varargs == "2\tone\ttwo words"


def test_arg_holds_the_whole_command(lupa_command, runtime_name, script):
    name = script(SHOW_ARGUMENTS)
    arguments = lupa_command(name).out.splitlines()[0]
    assert arguments == f"-5={sys.executable} -4=-m -3=lupa -2=--runtime -1={runtime_name} 0={name}"


def test_arg_counts_from_the_interpreter_when_there_is_no_script(command_line):
    assert command_line("-e", "print(arg[0], arg[1], arg[-1])").out == f"{sys.executable}\t-m\tnil\n"


@pytest.mark.parametrize("words", [["-v"], ["--runtime", "lua99"], ["--"], ["a", "--", "b"], ["-e"], ["-h"], ["-"]])
def test_options_after_the_script_are_the_scripts(command_line, script, words):
    assert command_line(script("print(...)"), *words).out == "\t".join(words) + "\n"


def test_two_dashes_end_the_options(command_line, script):
    assert command_line("--", script("print(...)", name="-v"), "a").out == "a\n"


def test_an_abbreviated_option_is_refused(command_line):
    assert "usage:" in command_line("--run", "lua54", "-e", "", status=2).err


def test_version_names_lua_and_the_package(lupa_command, lua):
    assert lupa_command("-v").out == f"{lua.lua_implementation} (lupa-rs {lupa.__version__})\n"


def test_version_does_not_keep_code_from_running(lupa_command):
    assert lupa_command("-v", "-e", "print('ran')").out.splitlines()[1:] == ["ran"]


def test_the_newest_lua_is_the_default(command_line):
    expected = lupa.LuaRuntime().lua_implementation
    assert command_line("-v").out.startswith(expected + " (")


@pytest.mark.usefixtures("all_runtimes")
def test_an_unknown_runtime_is_refused_with_the_list_of_those_there_are(command_line):
    error = command_line("--runtime", "lua99", status=2).err
    assert "lua99" in error and "lua54" in error


def test_help_tells_the_options(command_line):
    shown = command_line("--help").out
    assert all(word in shown for word in ("-e CODE", "--runtime NAME", "-v", "script"))


def test_a_script_may_start_with_a_hash_line(lupa_command, script):
    name = script("#!/usr/bin/env -S python3 -m lupa\nprint(debug.getinfo(1, 'l').currentline)")
    assert lupa_command(name).out == "2\n"


def test_a_hash_line_may_be_all_there_is(lupa_command, script):
    assert lupa_command(script("#!only")).out == ""


def test_a_byte_order_mark_is_skipped(lupa_command, script):
    assert lupa_command(script(b"\xef\xbb\xbf#!first\nprint('ok')")).out == "ok\n"


def test_bytecode_runs_also_behind_a_hash_line(lupa_command, script, lua):
    in_hex = "(string.dump(f):gsub('.', function(c) return ('%02x'):format(c:byte()) end))"
    dump = lua.eval(f"function(f) return {in_hex} end")
    bytecode = bytes.fromhex(dump(lua.compile("print('compiled', ...)")))
    assert lupa_command(script(bytecode), "a").out == "compiled\ta\n"
    assert lupa_command(script(b"#!first\n" + bytecode), "b").out == "compiled\tb\n"


def test_a_script_is_bytes(lupa_command, script):
    assert lupa_command(script(b"print(#'\xff\x00\xfe', ('\xff'):byte())")).out == "3\t255\n"


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are text on this system")
def test_arguments_and_names_are_bytes(lupa_command, script):
    name = script("print(arg[0]:byte(1, -1)) print((...):byte(1, -1))", name=b"\xfe.lua")
    assert lupa_command(name, b"\xff\xe4").out == "254\t46\t108\t117\t97\n255\t228\n"


def test_python_is_at_hand(lupa_command):
    assert lupa_command("-e", "print(python.builtins.len('abc'))").out == "3\n"
