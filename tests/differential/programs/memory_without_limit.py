"""What the memory methods say without a limit, and errors that look like memory errors."""

from support import attempt

MEGABYTE = 1024 * 1024


def counters_without_a_limit(lua):
    return lua.get_memory_used(), lua.get_memory_used(total=True), lua.get_max_memory(), lua.get_max_memory(total=True)


def setting_a_limit_without_one_at_creation(lua):
    return lua.set_max_memory(10 * MEGABYTE)


def python_memory_error_in_a_callback(lua):
    def fail():
        raise MemoryError("python")

    return lua.eval("(...)()", fail)


def text_about_memory_is_not_a_memory_error(lua):
    outcome = attempt(lua.execute, "error('there is not enough memory in my head')")
    return type(outcome.exception).__name__


def limit_of_none(lupa):
    return lupa.LuaRuntime(max_memory=None).get_memory_used()
