"""Where only the wording of a Python error differs, or what introspection shows."""

from difference import LUAJIT, WITH_ALLOCATOR, WITHOUT_ALLOCATOR, Difference

WORDED = [
    Difference(
        "Argument errors are worded as CPython words them",
        "lupa's are worded by Cython.",
        {
            "runtimes.method_with_one_argument_too_many:*": "takes no arguments (1 given)",
            "runtimes.method_with_wrong_arguments:globals": "takes no keyword arguments",
            "runtimes.method_with_wrong_arguments:nogc": "takes no keyword arguments",
            "runtimes.method_with_wrong_arguments:gccollect": "takes no keyword arguments",
            "runtimes.too_many_positional_arguments": "LuaRuntime() takes at most 10 positional arguments (11 given)",
            "runtimes.unknown_keyword": "LuaRuntime() got an unexpected keyword argument 'nonsense'",
            "runtimes.argument_given_twice": "LuaRuntime() got multiple values for keyword argument 'encoding'",
            "runtimes.subclass_with_other_arguments": "LuaRuntime() got an unexpected keyword argument 'something'",
            "runtimes.string_hash_seed:negative": "OverflowError",
            "runtimes.string_hash_seed:text": "TypeError",
            "runtimes.unbound_method_on:nothing": "unbound method LuaRuntime.eval() needs an argument",
            "runtimes.nogc_type": "Type cannot be instantiated manually",
            "table_objects.iterator_methods_take_no_argument:*": "takes no arguments (1 given)",
            "table_objects.iterator_type_cannot_be_made": "Type cannot be instantiated manually",
            "wrappers.coroutine_method:keyword": "coroutine() takes no keyword arguments",
            "unpacking.unpacking_wrapper_needs_one_argument": "missing 1 required positional argument: 'func'",
            "unpacking.unpacking_only_a_single_table:args": "_show() got an unexpected keyword argument 'a'",
            "unpacking.unpacking_function_called_from_python": "_show() got an unexpected keyword argument 'a'",
            "unpacking.unpacking_a_method_from_python": "method() got an unexpected keyword argument 'a'",
            "unpacking.item_through_as_itemgetter:cls": "TypeError: type 'int' is not subscriptable",
        },
    ),
    Difference(
        "Argument errors are worded as CPython words them",
        "lupa's are worded by Cython.",
        {
            "memory.limit_at_creation:text": "TypeError: 'str' object cannot be interpreted as an integer",
            "memory.limit_at_creation:too_large": "OverflowError: Python int too large to convert to C size_t",
            "memory.limit_set_to:none": "TypeError: max_memory must be an integer",
            "memory.limit_set_to:text": "TypeError: 'str' object cannot be interpreted as an integer",
            "memory.limit_set_to:too_large": "OverflowError: Python int too large to convert to C size_t",
        },
        WITH_ALLOCATOR,
    ),
    Difference(
        "LuaJIT 2.0 says why it has no memory limit",
        "lupa says only that the runtime could not be initialised.",
        {
            "memory.*": "",
            "runtimes.option_that_switches_to_the_counting_allocator:*": "which this LuaJIT does not accept",
            "runtimes.string_hash_seed:zero": "which this LuaJIT does not accept",
            "runtimes.string_hash_seed:one": "which this LuaJIT does not accept",
            "runtimes.string_hash_seed:float": "which this LuaJIT does not accept",
            "runtimes.string_hash_seed:large": "which this LuaJIT does not accept",
        },
        WITHOUT_ALLOCATOR,
    ),
    Difference(
        "Copying and pickling say what cannot be pickled",
        "lupa's message is about Cython.",
        {
            "runtimes.copying:*": "TypeError: cannot pickle 'lupa.LuaRuntime' object",
            "wrappers.copy_of:*function": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.copy_of:*thread": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.copy_of:userdata": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.copy_of:*cdata": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.pickle_of:*function": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.pickle_of:*thread": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.pickle_of:userdata": "TypeError: cannot pickle 'lupa._Lua",
            "wrappers.pickle_of:*cdata": "TypeError: cannot pickle 'lupa._Lua",
        },
    ),
    Difference(
        "Missing special names are named",
        "lupa's message is about `__getattr__` of object.",
        {
            "tables.dunder_attribute_read:*": "AttributeError: 'lupa._LuaTable' object has no attribute '__",
            "wrappers.dunder_attribute_of:*": "object has no attribute '__some_name__'",
        },
    ),
    Difference(
        "Methods are builtin methods",
        "lupa's are of types of Cython.",
        {
            "tables.attribute_read:keys": "<built-in method keys of ",
            "unpacking.unpacking_something_not_callable": "('function', 'function')",
            "wrappers.special_methods_of:*": "'iter', ",
            "wrappers.special_method_documentation": "(True, 'builtin_function_or_method')",
        },
    ),
    Difference(
        "Scripts see one call more",
        "A chunk is called by a function of ours, which lupa does not have: `debug.traceback` ends with one line more, and "
        "a long traceback is abbreviated one level earlier.",
        {
            "tracebacks.traceback_by_hand": "[C]: ",
            "tracebacks.traceback_by_hand_in_a_function": "[C]: ",
            "tracebacks.traceback_of_deep_recursion": "in main chunk",
        },
    ),
]
