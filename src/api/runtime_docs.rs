//! The documentation of `LuaRuntime` and its methods. The examples run as doctests.

use std::ffi::CStr;

pub(super) const RUNTIME: &CStr = c"LuaRuntime(encoding='UTF-8', source_encoding=None, attribute_filter=None, attribute_handlers=None, register_eval=True, unpack_returned_tuples=False, register_builtins=True, overflow_handler=None, max_memory=None, string_hash_seed=None, *, traceback_notes=False, libs=None, mode=None, item_filter=None, operators=False)
--

A Lua state of its own, with the standard libraries and the table `python` opened.

Runtimes share nothing. Each is protected by a lock, and gives up the GIL while Lua runs, so that runtimes in different
threads run in parallel.

Args:
    encoding (str | bytes | None): of strings both ways; None passes bytes and no text.
    source_encoding (str | bytes | None): of Lua code and of attribute names; default: `encoding`, else UTF-8.
    attribute_filter (callable | None): called as filter(obj, name, is_setting) for each access of Lua code to an attribute
        of a Python object; returns the name to use or raises AttributeError. Items (obj[key]) pass `item_filter` instead.
    attribute_handlers (pair of callables | None): getter(obj, name) and setter(obj, name, value), either may be None; they
        replace every index access of Lua code to Python objects. Not together with attribute_filter or item_filter.
    register_eval (bool): python.eval is available to Lua code.
    unpack_returned_tuples (bool): tuples that calls return or iterators yield become several values in Lua.
    register_builtins (bool): python.builtins is available to Lua code.
    overflow_handler (callable | None): called with each int that Lua cannot represent; its result is used instead.
    max_memory (int | None): bytes that Lua may use beyond what the new runtime uses; 0 counts without a limit, None does
        neither. LuaJIT 2.0 on 64-bit machines accepts None only.
    string_hash_seed (int | None): seed of the string hashes, on Lua 5.5.
    traceback_notes (bool): a Python exception that leaves Lua gets the Lua traceback as a note (PEP 678), besides the
        attribute `lua_traceback` (str) that it always gets.
    libs (str | iterable of str | None): the standard libraries that Lua code sees (manual, section Standard Libraries): 'all',
        'safe', or names such as 'string', where 'base' stands for the global functions. Those that this Lua lacks are passed
        over. 'safe' is what reaches neither files, processes, native code nor bytecode; SECURITY.md lists it. Default: all.
    mode (str | None): the chunks that `load`, `loadstring`, `loadfile` and `dofile` take from Lua code: 't' for source code,
        'b' for compiled code, 'bt' for both; also the default mode of execute(), eval() and compile(). Default: 't' with
        libs='safe', both otherwise.
    item_filter (callable | None): called as filter(obj, key, is_setting) for each access of Lua code to an item of a Python
        object; returns the key to use or raises an exception. It is apart from attribute_filter because that cannot tell
        obj.x from obj['x'], and keys are any values; the same callable may be given for both.
    operators (bool): Python objects in Lua answer + - * / // % ^ .. # == < <= and unary minus by the operators of Python, pairs()
        where it asks `__pairs` (Lua 5.2 and newer), and as a variable that is closed (5.4 and newer) by `__exit__` or close().
        Where attributes are filtered, the filter is asked for the name of the special method (`__add__`, for .. too). Off by
        default, since these are errors in lupa.

Raises ValueError for arguments that do not fit, and LuaError if the state cannot be created.

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> lua.eval('1 + 1')
2
>>> lua.eval('function(f, n) return f(n) end')(lambda n: n + 1, 2)
3";

pub(super) const EVAL: &CStr = c"eval($self, lua_code, *args, name=None, mode=None)
--

The value of a Lua expression: None for no value, a tuple for several.

Args:
    lua_code (str | bytes | bytearray): the expression.
    *args: what the expression sees as `...`.
    name (str | bytes | None): name of the chunk in messages; default '<python>'. '@f' and '=f' as in Lua (manual, load).
    mode (str | None): 't' for source code, 'b' for compiled code, 'bt' for both; default: that of the runtime. Lua 5.1 and
        LuaJIT heed it only if the runtime has one.

Raises LuaSyntaxError, LuaError, LuaMemoryError, or the Python exception that passed through Lua.

>>> import lupa
>>> lupa.LuaRuntime().eval('...', 1, 2)
(1, 2)";

pub(super) const EXECUTE: &CStr = c"execute($self, lua_code, *args, name=None, mode=None)
--

Run a chunk of Lua code; what it returns, as eval() does. Arguments and exceptions are those of eval().

>>> import lupa
>>> lupa.LuaRuntime().execute('local a, b = ...; return a + b', 1, 2)
3";

pub(super) const COMPILE: &CStr = c"compile($self, lua_code, name=None, mode=None)
--

Compile a chunk of Lua code to a function, without running it. Arguments are those of eval(). Raises LuaSyntaxError.

>>> import lupa
>>> lupa.LuaRuntime().compile('return ... + 1')(1)
2";

pub(super) const REQUIRE: &CStr = c"require($self, modulename)
--

Load a Lua module by Lua's global function `require`, and return what that returns: on Lua 5.4 and newer, when the module
is loaded first, a tuple of the module and what the loader says about it.

Raises TypeError unless modulename is str or has the buffer protocol, as bytes have it, and LuaError if the module cannot be loaded.";

pub(super) const GLOBALS: &CStr = c"globals($self, /)
--

The table of global variables.

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> lua.globals().x = 1
>>> lua.eval('x')
1";

pub(super) const TABLE: &CStr = c"table($self, /, *items, **fields)
--

A new Lua table: items at the indices from 1 on, named arguments as fields. None leaves a hole.

>>> import lupa
>>> t = lupa.LuaRuntime().table(10, 20, x=1)
>>> t[1], t[2], t.x
(10, 20, 1)";

pub(super) const TABLE_FROM: &CStr = c"table_from($self, /, *sources, recursive=False)
--

A new Lua table from mappings, Lua tables (their pairs are copied) and iterables (their items get the indices from 1 on, one
running index over all). Later sources win.

With recursive=True, lists, dicts and other sequences and mappings inside of them become tables as well: one table for each
object, so that shared objects stay shared and cycles stay cycles. Raises TypeError for what is not iterable.
lupa.to_python() is the way back; what is None is not there then, since it is nil.

>>> import lupa
>>> lua = lupa.LuaRuntime()
>>> t = lua.table_from([1, 2], {'a': [3]}, recursive=True)
>>> t[2], t.a[1]
(2, 3)";

pub(super) const NOGC: &CStr = c"nogc($self, /)
--

A context manager during which Lua's collector stands still. Blocks can be nested.";

pub(super) const GCCOLLECT: &CStr = c"gccollect($self, /)
--

Run a full cycle of Lua's collector.";

pub(super) const SET_MAX_MEMORY: &CStr = c"set_max_memory($self, max_memory, total=False)
--

Set how many bytes Lua may use. Zero and below is no limit. With total=True this includes what the runtime itself uses.

Raises RuntimeError unless max_memory was given to the constructor.";

pub(super) const GET_MAX_MEMORY: &CStr = c"get_max_memory($self, total=False)
--

How many bytes Lua may use: 0 for no limit, None if the runtime does not count. With total=True this includes what the
runtime itself uses.";

pub(super) const GET_MEMORY_USED: &CStr = c"get_memory_used($self, total=False)
--

How many bytes Lua uses now, or None if the runtime does not count. With total=True this includes what the runtime itself
uses.";

pub(super) const SET_OVERFLOW_HANDLER: &CStr = c"set_overflow_handler($self, overflow_handler)
--

Set who converts the ints that Lua cannot represent: a callable (also a Lua function), or None. Raises ValueError for
anything else.";

pub(super) const LUA_VERSION: &CStr = c"The version of the language as a tuple, such as (5, 4); LuaJIT is (5, 1).";

pub(super) const LUA_IMPLEMENTATION: &CStr =
    c"Name and version of the implementation, such as 'Lua 5.4' or 'LuaJIT 2.1.1774896198'.";
