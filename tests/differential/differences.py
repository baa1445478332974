"""The differences from lupa 2.8 that are meant, each explained in COMPATIBILITY.md under its title.

A pattern is a program's name, `*` matches anything. Beside it stands a part of our outcome, so that a listed program
cannot change unnoticed; `""` where the whole outcome depends on the runtime. What is listed must differ on each of its
runtimes; only where lupa's outcome changes from run to run (`varies`) may the two agree.
"""

import fnmatch
from typing import Dict, NamedTuple, Tuple

from collect import RUNTIMES

PLAIN = tuple(name for name in RUNTIMES if not name.startswith("luajit"))
LUAJIT = ("luajit20", "luajit21")
LIKE_51 = ("lua51", *LUAJIT)
DOUBLES_ONLY = ("lua51", "lua52", *LUAJIT)
WITH_ALLOCATOR = tuple(name for name in RUNTIMES if name != "luajit20")


class Difference(NamedTuple):
    """Programs that differ for one reason."""

    title: str
    reason: str
    programs: Dict[str, str]
    runtimes: Tuple[str, ...] = RUNTIMES
    varies: bool = False

    def matching(self, pattern, names):
        """The program names that a pattern of this entry means."""
        return fnmatch.filter(names, pattern)


def differences_of(program, runtime):
    """The entries for a program on a runtime, each with what it says of our outcome."""
    return [
        (difference, expected)
        for difference in DIFFERENCES
        if runtime in difference.runtimes
        for pattern, expected in difference.programs.items()
        if fnmatch.fnmatchcase(program, pattern)
    ]


DIFFERENCES = [
    Difference(
        "Objects keep their identity in Lua",
        "lupa finds the Lua side of an object in a table whose slots are reused too early: Lua can get another object.",
        {
            "accidents.identity_function_over_many_objects": "True",
            "accidents.builtins_in_a_loop": "True",
            "accidents.objects_held_by_lua_survive": "3000",
        },
        varies=True,
    ),
    Difference(
        "Values from coroutines outlive them",
        "lupa's wrappers keep the Lua thread that was running; when it is gone, they read freed memory.",
        {
            "accidents.value_of_a_dead_coroutine:table": "[1, 2, 3]",
            "accidents.value_of_a_dead_coroutine:function": "'called'",
            "accidents.table_from_a_wrapped_coroutine": "True",
        },
        varies=True,
    ),
    Difference(
        "Values from coroutines outlive them",
        "lupa moves a yield's values to a stack without making room on it.",
        {"lua_threads.many_values_through_a_yield": "200"},
        PLAIN,
    ),
    Difference(
        "Errors never leave the protection of Lua",
        "lupa writes to tables without a protected call: an error there ends the process, within a callback it hangs.",
        {
            "accidents.read_only_table:*": "LuaError: read only",
            "accidents.read_only_table_in_a_callback": "LuaError: read only",
            "accidents.nan_key:*": "2)",
            "accidents.table_changed_while_iterating": "(True, 2)",
            "accidents.strict_globals": "new x",
            "accidents.metamethod_that_is_a_python_function_raising:callable_newindex": "KeyError: 'metamethod'",
            "tables.item_write_with_a_nan_key": "LuaError",
            "table_objects.newindex_metamethod:fails": "read only",
            "table_from.table_from_a_nan_key": "LuaError",
        },
    ),
    Difference(
        "Errors never leave the protection of Lua",
        "Before 5.4 an error in a finalizer is raised where the collector happens to run.",
        {"accidents.error_in_a_finalizer": "(True, 2)"},
        ("lua51", "lua52", "lua53", "luajit20"),
    ),
    Difference(
        "Python code may use Lua at any time",
        "lupa takes whatever lies on the Lua stack for its own result, so that Lua used in a property, an item, an "
        "iterator or a text method gives a tuple of everything that was there.",
        {
            "accidents.lua_access_inside_of:property": "20",
            "accidents.lua_access_inside_of:item": "10",
            "accidents.lua_access_inside_of:text": "'30'",
            "accidents.lua_access_inside_of:iterator": "10",
            "accidents.lua_access_inside_of:setter": "15",
            "accidents.lua_access_inside_of_a_filter": "'value'",
            "accidents.lua_access_inside_of_a_getter": "2",
            "table_from.table_from_a_coroutine": "_LuaTable{1: 'a', 2: 'b'}",
        },
    ),
    Difference(
        "Python code may use Lua at any time",
        "Code that runs while arguments are converted finds half of a call on lupa's stack.",
        {
            "accidents.lua_call_inside_of_argument_conversion": "(3, 1, 2)",
            "accidents.lua_call_inside_of_table_from": "{1: 0, 2: 2, 3: 4, 4: 6}",
        },
    ),
    Difference(
        "The memory limit is an error, not the end",
        "lupa allocates outside of protected calls; at the limit the process is aborted, or hangs in a callback.",
        {
            "memory.limit_reached_by_an_argument:*": "('LuaMemoryError', 2)",
            "memory.limit_reached_by_many_table_items": "('LuaMemoryError', 1)",
            "memory.limit_reached_by_many_objects": "('LuaMemoryError', 1)",
            "memory.limit_reached_by_item_writes": "('LuaMemoryError', 1)",
        },
        WITH_ALLOCATOR,
    ),
    Difference(
        "The memory limit is an error, not the end",
        "lupa's counters wrap around below the base usage, and None or a negative limit is an accident of C types.",
        {
            "memory.limit_set_to:negative": "(None, False)",
            "memory.used_memory_grows_and_shrinks": "(True, True)",
        },
        WITH_ALLOCATOR,
    ),
    Difference(
        "Memory errors are told by their kind",
        "lupa takes every error text that contains `not enough memory` for a memory error.",
        {
            "errors.error_of:mentions_memory": "raised lupa.LuaError: ",
            "memory.text_about_memory_is_not_a_memory_error": "'LuaError'",
        },
    ),
    Difference(
        "Holes in argument tables are None",
        "lupa leaves holes of a table empty in the tuple of arguments, which crashes when it is used.",
        {
            "python_args.args_reach_python:hole": "((1, None, 3), {})",
            "accidents.holes_in_args:args": "((5, None, 6), {})",
            "accidents.holes_in_an_unpacked_table:middle": "((5, None, 6), {})",
            "unpacking.unpacked_call:hole": "((1, None, 3), {})",
        },
        ("lua51", "lua52", "lua53", "lua54"),
    ),
    Difference(
        "Holes in argument tables are None",
        "lupa leaves holes of a table empty in the tuple of arguments, which crashes when it is used.",
        {
            "accidents.holes_in_args:args_first": "",
            "accidents.holes_in_args:args_last": "",
            "accidents.holes_in_an_unpacked_table:first": "",
            "unpacking.unpacked_call:nil_first": "",
        },
        tuple(name for name in RUNTIMES if name != "lua55"),
    ),
    Difference(
        "Runtimes do not mix",
        "lupa reads a slot of the other runtime, whatever is in it.",
        {
            "table_from.table_from_a_table_of_another_runtime": "cannot mix objects from different Lua runtimes",
            "accidents.table_from_of_another_runtime_with_other_slots": "cannot mix objects from different Lua runtimes",
        },
    ),
    Difference(
        "Recursive tables keep their shape",
        "lupa remembers positions on the stack that are gone: an object met twice becomes an empty table.",
        {
            "table_from.table_from_a_list_met_twice": "2: lupa._LuaTable{1: 1, 2: 2, 3: 'new'}",
            "table_from.table_from_a_dict_met_twice": "'two': lupa._LuaTable{'a': 1, 'b': 2}",
            "table_from.table_from_a_very_deep_list": "",
        },
    ),
    Difference(
        "Python exceptions leave coroutines as they are",
        "lupa's resume does not know of Python exceptions and raises an empty LuaError.",
        {
            "coroutines.python_exception_in_a_coroutine": "KeyError: 'from Python'",
            "coroutines.python_stop_iteration_in_a_coroutine": "StopIteration: inside",
        },
    ),
    Difference(
        "The error value is the exception",
        "lupa has one place for an exception per runtime, and drops error values that are not text.",
        {
            "exceptions.the_first_of_two_failures_is_raised_again": "ValueError: one",
            "exceptions.exception_object_made_by_lua_is_raised": "KeyError: 'made'",
            "errors.error_of:python_exception": "ValueError: made in Lua",
        },
    ),
    Difference(
        "Coroutines are generators and threads",
        "In lupa a coroutine that calls itself has already ended, and an unstarted one is a function to Lua.",
        {
            "lua_threads.next_within_itself": "ValueError",
            "wrappers.round_trip_of:fresh_thread": "(True, 'thread')",
            "wrappers.in_a_table:fresh_thread": "'thread'",
        },
    ),
    Difference(
        "Waiting for a runtime can be interrupted",
        "lupa waits with a lock that Ctrl-C does not reach, and for ever when two threads wait for each other.",
        {
            "threads.waiting_for_a_busy_runtime_is_interruptible": "('KeyboardInterrupt', True)",
            "threads.a_circle_of_waiting_threads": "['RuntimeError', 'str']",
        },
    ),
    Difference(
        "Scripts cannot take objects apart",
        "In lupa scripts can change the metatable that all Python objects share, and call their finalizers.",
        {
            "accidents.metatable_of_all_objects_is_changed": "1",
            "accidents.metatable_of_all_objects_is_emptied": "(1, True)",
            "accidents.metatable_moved_to_a_foreign_userdata": "1)",
            "accidents.finalizer_called_by_hand": "ReferenceError: deleted python object",
        },
    ),
    Difference(
        "Integers are exact or an overflow",
        "Where Lua has doubles only, lupa rounds integers above 2^53 in silence.",
        {
            "overflow.without_a_handler:inexact_double": "OverflowError",
            "overflow.with_a_text_handler:inexact_double": "'9007199254740993'",
            "conversions.there_and_back:int_53_plus_1": "OverflowError",
            "constants.largest_integer": "9007199254740992",
            "constants.smallest_integer": "-9007199254740992",
        },
        DOUBLES_ONLY,
    ),
    Difference(
        "The length is what Lua says",
        "lupa's len() ignores `__len`.",
        {"table_objects.length:table_with_len": "42"},
        ("lua52", "lua53", "lua54", "lua55"),
    ),
    Difference(
        "Empty tuples do not end an iteration",
        "In lupa an empty tuple has no first value, which ends the loop.",
        {
            "python_iteration.iteration_with_an_empty_tuple:iterex": "1|nil|nil; None|nil|nil; 2|nil|nil",
        },
    ),
    Difference(
        "The garbage collector stays off as often as it was stopped",
        "In lupa the end of an inner nogc() starts the collector.",
        {"runtimes.nogc_nested": "(False, False, True)"},
        ("lua52", "lua53", "lua54", "lua55"),
    ),
    Difference(
        "Undecodable keys are bytes",
        "In lupa one key that cannot be decoded makes the whole iteration fail.",
        {"accidents.iteration_over_undecodable_keys": "[\"'fine'\", \"b'\\\\xff'\"]"},
    ),
    Difference(
        "All runtimes share exceptions and helpers",
        "In lupa each runtime module has its own, which do nothing for another's objects.",
        {
            "package.exceptions_of_the_package_and_of_its_runtimes": "(True, True)",
            "runtimes.error_of_another_flavour": "caught by the other",
        },
        ("lua51", "lua52", "lua53", "luajit20", "luajit21"),
    ),
    Difference(
        "Weak references",
        "lupa's objects take none.",
        {"runtimes.weak_references": "['ReferenceType', 'ReferenceType', 'ReferenceType', 'ReferenceType']"},
    ),
    Difference(
        "The bundled Lua can open pipes",
        "lupa's plain Lua is built without POSIX.",
        {"constants.popen": "'popen\\n'"},
        PLAIN,
    ),
]
