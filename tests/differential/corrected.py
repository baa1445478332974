"""What goes wrong in lupa 2.8: crashes, hangs, wrong values, lost errors."""

from difference import ASSERT_WITH_ANY_VALUE, DOUBLES_ONLY, FROM_52, LIKE_51, LUAJIT, PLAIN, WITH_ALLOCATOR, Difference

CORRECTED = [
    Difference(
        "Objects keep their identity in Lua",
        "lupa finds the Lua side of an object in a table whose slots are reused too early: Lua can get another object.",
        {"accidents.identity_function_over_many_objects": "True"},
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
        "lupa moves the values of a yield to a stack without making room on it.",
        {"lua_threads.many_values_through_a_yield": "200"},
        PLAIN,
        varies=True,
    ),
    Difference(
        "Errors never leave the protection of Lua",
        "lupa writes to tables without a protected call: an error there ends the process, within a callback it hangs.",
        {
            "accidents.read_only_table:*": "LuaError: read only",
            "accidents.read_only_table_in_a_callback": "LuaError: read only",
            "accidents.nan_key:write": "LuaError",
            "accidents.nan_key:delete": ", 2)",
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
        "Errors never leave the protection of Lua",
        "lupa calls methods on whatever object they get.",
        {
            "runtimes.unbound_method_on:wrong_object": "TypeError: descriptor 'eval'",
            "runtimes.unbound_method_on:runtime_type": "TypeError: descriptor 'eval'",
        },
    ),
    Difference(
        "Python code may use Lua at any time",
        "lupa takes whatever lies on the Lua stack for its own result, so that Lua used in a property, an item, an "
        "iterator, a text method, a filter or a handler gives a tuple of everything that was there.",
        {
            "accidents.lua_access_inside_of:property": "20",
            "accidents.lua_access_inside_of:item": "10",
            "accidents.lua_access_inside_of:text": "'30'",
            "accidents.lua_access_inside_of:iterator": "10",
            "accidents.lua_access_inside_of:setter": "15",
            "accidents.lua_access_inside_of_a_filter": "'value'",
            "accidents.lua_access_inside_of_a_getter": "2",
            "filters.filter_that_calls_lua": "'public'",
            "filters.getter_that_calls_lua": "2",
            "table_from.table_from_a_coroutine": "_LuaTable{1: 'a', 2: 'b'}",
            "unpacking.protocol_wrapper_of_a_lua_table:*": "('userdata', 6, ",
        },
    ),
    Difference(
        "Python code may use Lua at any time",
        "Code that runs while arguments are converted finds half of a call on lupa's stack.",
        {
            "accidents.lua_call_inside_of_argument_conversion": "(3, 'userdata', 1, 2)",
            "accidents.lua_call_inside_of_table_from": "{1: 0, 2: 2, 3: 4, 4: 6}",
        },
    ),
    Difference(
        "The memory limit is an error, not the end",
        "lupa allocates outside of protected calls; at the limit the process is aborted, or hangs in a callback.",
        {
            "memory.limit_reached_by_an_argument:*": "('LuaMemoryError', 2)",
            "memory.limit_reached_by_many_table_items": "('LuaMemoryError', 2)",
            "memory.limit_reached_by_many_objects": "('LuaMemoryError', 2)",
            "memory.limit_reached_by_item_writes": "('LuaMemoryError', 2)",
            "memory.used_memory_grows_and_shrinks": "(True, True)",
        },
        WITH_ALLOCATOR,
    ),
    Difference(
        "The memory limit is an error, not the end",
        "lupa's counters wrap around when less is used than right after construction.",
        {"memory.counters_after_an_error": "True"},
        FROM_52,
    ),
    Difference(
        "Memory errors are told by their kind",
        "lupa takes every error text that contains `not enough memory` for a memory error.",
        {
            "errors.error_of:not_enough_memory": "raised lupa.LuaError: ",
            "errors.error_of:mentions_memory": "raised lupa.LuaError: ",
            "errors.error_in_a_called_function:not_enough_memory": "raised lupa.LuaError: ",
            "errors.error_in_a_called_function:mentions_memory": "raised lupa.LuaError: ",
            "errors.error_through_a_callback:not_enough_memory": "raised lupa.LuaError: ",
            "errors.error_through_a_callback:mentions_memory": "raised lupa.LuaError: ",
            "memory_without_limit.text_about_memory_is_not_a_memory_error": "'LuaError'",
        },
    ),
    Difference(
        "Holes in argument tables are None",
        "lupa leaves holes of a table empty in the tuple of arguments, which crashes when it is used.",
        {
            "accidents.holes_in_args:args": "((5, None, 6), {})",
            "accidents.holes_in_an_unpacked_table:middle": "((5, None, 6), {})",
            "python_args.args_reach_python:hole": "((1, None, 3), {})",
            "unpacking.unpacked_call:hole": "((1, None, 3), {})",
        },
        ("lua51", "lua52", "lua53", "lua54"),
    ),
    Difference(
        "Holes in argument tables are None",
        "lupa leaves holes of a table empty in the tuple of arguments, which crashes when it is used.",
        {
            "accidents.holes_in_args:args_first": "((None, 6), {})",
            "accidents.holes_in_args:args_last": "((5, None, None, 8), {})",
            "accidents.holes_in_an_unpacked_table:first": "((None, 6), {})",
            "unpacking.unpacked_call:nil_first": "((None, 2), {})",
        },
        ("lua51", "lua52", "lua53", "lua54", *LUAJIT),
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
        "lupa remembers positions on the stack that are gone: an object met twice becomes an empty table; a deep list "
        "overflows the stack.",
        {
            "table_from.table_from_a_list_met_twice": "2: lupa._LuaTable{1: 1, 2: 2, 3: 'new'}",
            "table_from.table_from_a_dict_met_twice": "'two': lupa._LuaTable{'a': 1, 'b': 2}",
            "table_from.table_from_a_very_deep_list": "100000",
        },
    ),
    Difference(
        "Python exceptions leave coroutines as they are",
        "lupa's resume does not know of Python exceptions and raises an empty LuaError.",
        {
            "coroutines.python_exception_in_a_coroutine": "KeyError: 'from Python'",
            "coroutines.python_stop_iteration_in_a_coroutine": "StopIteration: inside",
            "lua_threads.yield_across_a_python_function": "attempt to yield across",
        },
    ),
    Difference(
        "The error value is the exception",
        "lupa keeps one exception per runtime, for which it takes the next error that is no text.",
        {
            "exceptions.the_first_of_two_failures_is_raised_again": "ValueError: one",
            "exceptions.exception_object_made_by_lua_is_raised": "KeyError: 'made'",
            "exceptions.exception_raised_by_lua_with_attributes": "('_Custom', 12)",
            "exceptions.a_swallowed_exception_is_released": "True",
            "errors.error_of:python_exception": "ValueError: made in Lua",
            "errors.error_in_a_called_function:python_exception": "ValueError: made in Lua",
            "errors.error_through_a_callback:python_exception": "ValueError: made in Lua",
        },
    ),
    Difference(
        "The error value is the exception",
        "lupa keeps one exception per runtime, for which it takes the next error that is no text.",
        {"exceptions.assert_with_an_exception": "_Custom: ('custom', 1)"},
        ASSERT_WITH_ANY_VALUE,
    ),
    Difference(
        "Threads do not wait for ever",
        "lupa waits with a lock that Ctrl-C does not reach, and for ever when two threads wait for each other.",
        {
            "threads.waiting_for_a_busy_runtime_is_interruptible": "('KeyboardInterrupt', True)",
            "threads.a_circle_of_waiting_threads": "['RuntimeError', 'str']",
        },
    ),
    Difference(
        "Recursion ends with a Python error",
        "lupa leaves it to Lua's limit of C calls, which LuaJIT does not have.",
        {
            "errors.recursion_without_end_through_python": "'RecursionError'",
            "errors.recursion_without_end_through_wrapped_functions": "'RecursionError'",
        },
        PLAIN,
    ),
    Difference(
        "Recursion ends with a Python error",
        "On LuaJIT lupa asks the overflow handler about its own result, until the stack is full.",
        {
            "overflow.handler_that_returns:too_large": "OverflowError",
            "overflow.handler_that_returns:the_same": "OverflowError",
            "accidents.overflow_handler_that_always_overflows": "OverflowError",
        },
        LUAJIT,
    ),
    Difference(
        "Scripts cannot take objects apart",
        "In lupa scripts can change the metatable that all Python objects share, call their finalizers, and pass "
        "anything off as a Python object.",
        {
            "accidents.metatable_of_all_objects_is_changed": "1",
            "accidents.metatable_of_all_objects_is_emptied": "(1, True)",
            "accidents.metatable_moved_to_a_foreign_userdata": "not a python object",
            "accidents.finalizer_called_by_hand": "ReferenceError: deleted python object",
        },
    ),
    Difference(
        "Scripts cannot take objects apart",
        "A wrapper whose slot a script has emptied says so; in lupa only where the first slots are not in use.",
        {
            "accidents.registry_is_emptied": "LuaError: lost reference",
            "wrappers.wrappers_cannot_be_called_after_the_registry_is_gone": "LuaError: lost reference",
        },
        LIKE_51,
    ),
    Difference(
        "Integers are exact or an overflow",
        "Where Lua has doubles only, lupa rounds integers above 2^53 in silence.",
        {
            "overflow.without_a_handler:inexact_double": "OverflowError",
            "overflow.without_a_handler:max": "OverflowError",
            "overflow.with_a_text_handler:inexact_double": "'9007199254740993'",
            "overflow.with_a_text_handler:max": "'9223372036854775807'",
            "conversions.there_and_back:int_53_plus_1": "OverflowError",
            "conversions.there_and_back:int_53_negative": "OverflowError",
            "conversions.there_and_back:int_max": "OverflowError",
            "conversions.seen_by_lua:int_53_plus_1": "OverflowError",
            "conversions.seen_by_lua:int_53_negative": "OverflowError",
            "conversions.seen_by_lua:int_max": "OverflowError",
            "conversions.number_kind:int_53_plus_1": "OverflowError",
            "conversions.number_kind:int_53_negative": "OverflowError",
            "conversions.number_kind:int_max": "OverflowError",
            "conversions.returned_by_a_callback:int_53_plus_1": "OverflowError",
            "conversions.returned_by_a_callback:int_53_negative": "OverflowError",
            "conversions.returned_by_a_callback:int_max": "OverflowError",
            "conversions.integer_arithmetic": "OverflowError",
            "conversions.integer_beyond_double_precision": "OverflowError",
            "constants.largest_integer": "9007199254740992",
            "constants.smallest_integer": "-9007199254740992",
            "overflow.limits_of_the_module": "(9007199254740992, -9007199254740992)",
        },
        DOUBLES_ONLY,
    ),
]
