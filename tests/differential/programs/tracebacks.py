"""The Lua traceback in the text of an error."""

from support import Text, attempt, each

VALUES = {
    "text": "'message'",
    "text_with_position": "'message', 1",
    "text_without_position": "'message', 0",
    "text_level_two": "'message', 2",
    "empty_text": "''",
    "number": "42",
    "float": "1.5",
    "nil": "nil",
    "nothing": "",
    "true": "true",
    "false": "false",
    "table": "{code = 42}",
    "function": "print",
    "thread": "coroutine.create(print)",
    "userdata": "io.stdout",
    "tostring_object": "setmetatable({}, {__tostring = function() return 'my text' end})",
    "python_list": "python.builtins.list()",
    "python_exception": "python.builtins.ValueError('made in Lua')",
    "python_exception_class": "python.builtins.ValueError",
    "python_none": "python.none",
    "two_lines": "'one\\ntwo'",
    "nul": "'a\\0b'",
    "undecodable": "'\\255'",
    "umlaut": "'ä'",
    "not_enough_memory": "'not enough memory'",
    "mentions_memory": "'there is not enough memory here'",
    "stack_traceback": "'stack traceback:\\n\\tmine'",
}


def _error_text(lua, code, *arguments, **options):
    outcome = attempt(lua.execute, code, *arguments, **options)
    return Text(outcome.exception)


def traceback_of_named_functions(lua):
    return _error_text(
        lua,
        "function outer()\n  local function middle()\n    inner()\n  end\n  middle()\nend\nfunction inner()\n  error('deep')\nend\nouter()",
    )


def traceback_of_methods(lua):
    return _error_text(lua, "local object = {}\nfunction object:method() self.field.missing = 1 end\nobject:method()")


def traceback_of_tail_calls(lua):
    return _error_text(lua, "local function f() error('tail') end\nlocal function g() return f() end\ng()")


def traceback_of_a_metamethod(lua):
    return _error_text(lua, "local t = setmetatable({}, {__add = function() error('adding') end})\nlocal x = t + 1")


def traceback_of_an_iterator(lua):
    return _error_text(lua, "for x in function() error('iterating') end do end")


def traceback_of_c_functions(lua):
    return _error_text(lua, "table.sort({3, 2, 1}, function(a, b) error('comparing') end)")


def traceback_through_pcall(lua):
    return _error_text(lua, "local ok, e = pcall(error, 'first')\nerror(e .. ' again', 0)")


def traceback_of_deep_recursion(lua):
    return _error_text(lua, "local function f(n) if n == 0 then error('bottom') end f(n - 1) end\nf(30)")


def traceback_through_a_python_function(lua):
    inner = lua.eval("function() error('inside') end")
    lua.globals().call = lambda: inner()
    return _error_text(lua, "call()")


def traceback_of_two_chunks(lua):
    lua.execute("function first() error('there') end", name="@first.lua")
    return _error_text(lua, "first()", name="@second.lua")


@each(plain="chunk", file="@file.lua", exact="=exact", colon="=a:b", bracket="=[x]")
def traceback_with_a_chunk_name(lua, name):
    return _error_text(lua, "local function f()\n  error('here')\nend\nf()", name=name)


@each(
    nil="nil",
    number="5",
    gives_nothing="function() end",
    gives_text="function(m) return 'traceback of ' .. tostring(m) end",
    gives_number="function(m) return 7 end",
    gives_table="function(m) return {m} end",
    fails="function() error('in traceback', 0) end",
    gives_lines="function(m) return m .. '\\nstack traceback:\\n\\tone\\n\\ttwo\\n\\tthree' end",
    gives_c_lines="function(m) return m .. '\\nstack traceback:\\n\\t[C]: one\\n\\t[C]: two' end",
    gives_string_lines="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in function a\\n\\t[string \"x\"]:1: in b\\n\\t[C]: in ?' end",
    gives_mixed_lines="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in function a\\n\\tfile.lua:1: in b\\n\\t[C]: in ?' end",
    gives_dots="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in function a\\n\\t...\\n\\t[C]: in ?' end",
    gives_trailing_text="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in a\\n\\t[C]: in b\\nafter' end",
    gives_two_tracebacks="function(m) return m .. '\\nstack traceback:\\n\\t[C]: in a\\nstack traceback:\\n\\t[C]: in b\\n\\t[C]: in c' end",
    python_function="python.builtins.str",
)
def traceback_function_is_replaced(lua, code):
    lua.execute("debug.traceback = " + code)
    return attempt(lua.eval, "error('message')"), attempt(lua.eval, "error({})")


def debug_library_is_removed(lua):
    lua.execute("debug = nil")
    return attempt(lua.eval, "error('message')"), attempt(lua.eval, "missing()"), attempt(lua.eval, "error(nil)")


def debug_library_is_replaced(lua):
    lua.execute("debug = 5")
    return attempt(lua.eval, "error('message')")


def traceback_by_hand(lua):
    return Text(lua.execute("return debug.traceback('message')"))


def traceback_by_hand_in_a_function(lua):
    return Text(lua.execute("local function f() return (debug.traceback('message', 1)) end\nlocal x = f() return x"))


def xpcall_with_traceback(lua):
    return lua.execute(
        "local ok, text = xpcall(function() error('inside') end, debug.traceback) return ok, text:match('^[^\\n]*')"
    )


def xpcall_with_a_python_handler(lua):
    return lua.eval("xpcall(function() error('inside', 0) end, python.as_function(...))", lambda e: "handled " + e)


def xpcall_with_a_handler_that_fails(lua):
    def fail(error):
        raise ValueError("handler")

    ok, value = lua.eval("xpcall(function() error('inside', 0) end, python.as_function(...))", fail)
    return ok, type(value).__name__
