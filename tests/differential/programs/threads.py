"""Python threads: separate runtimes, a shared runtime, callbacks and locks."""

import os
import signal
import threading
import time

from support import attempt, each, limit


def _in_threads(functions):
    """The results of functions that each run in a thread of their own."""
    results = [None] * len(functions)

    def run(index):
        results[index] = attempt(functions[index])

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


SUM = "function(n) local s = 0 for i = 1, n do s = s + i end return s end"


def a_runtime_per_thread(lupa):
    return _in_threads([lambda: lupa.LuaRuntime().eval(SUM)(10_000) for _ in range(4)])


def one_runtime_for_several_threads(lua):
    add = lua.eval(SUM)
    return _in_threads([lambda: add(10_000) for _ in range(4)])


def a_counter_shared_by_threads(lua):
    lua.execute("n = 0 function increment() n = n + 1 end")
    increment = lua.globals().increment

    def many():
        for _ in range(500):
            increment()

    _in_threads([many] * 4)
    return lua.eval("n")


def callbacks_from_several_threads(lua):
    call = lua.eval("function(f, n) local s = 0 for i = 1, n do s = s + f(i) end return s end")
    return _in_threads([lambda: call(lambda x: x * 2, 100) for _ in range(4)])


def a_runtime_made_in_one_thread_and_used_in_another(lupa):
    made = _in_threads([lupa.LuaRuntime])[0]
    return made.eval("1 + 1"), _in_threads([lambda: made.eval("2 + 2")])


def errors_stay_in_their_thread(lua):
    def fail(text):
        return lambda: lua.execute(f"error('{text}', 0)")

    outcomes = _in_threads([fail("one"), fail("two"), lambda: lua.eval("3")])
    return [str(getattr(outcome, "exception", outcome)).split("\n")[0] for outcome in outcomes]


def a_thread_started_by_a_callback(lupa, lua):
    other = lupa.LuaRuntime()
    return lua.eval("(...)()", lambda: _in_threads([lambda: other.eval("1 + 1")])[0])


def coroutines_in_several_threads(lua):
    function = lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end")
    return _in_threads([lambda: sum(function.coroutine(50)) for _ in range(4)])


def a_coroutine_continued_in_another_thread(lua):
    thread = lua.eval("function() for i = 1, 3 do coroutine.yield(i) end end").coroutine()
    return next(thread), _in_threads([lambda: next(thread)]), next(thread)


def tables_shared_by_threads(lua):
    table = lua.table()

    def fill(start):
        def write():
            for i in range(start, start + 200):
                table[i] = i

        return write

    _in_threads([fill(1), fill(1001), fill(2001)])
    return sum(table.values()), len(list(table))


def wrappers_dropped_in_other_threads(lua):
    def make():
        for _ in range(300):
            lua.table(1, 2, 3)

    _in_threads([make] * 3)
    lua.gccollect()
    return lua.eval("1")


def the_gil_is_released_while_lua_runs(lupa):
    flag = []
    lua = lupa.LuaRuntime()
    spin = lua.eval("function() local t = os.clock() while os.clock() - t < 0.3 do end return 'spun' end")
    thread = threading.Thread(target=lambda: flag.append(spin()), daemon=True)
    thread.start()
    count = 0
    while not flag and count < 10**9:
        count += 1
    thread.join()
    return flag, count > 1000


@each(table="{}", function="function() end", coroutine="coroutine.create(function() end)")
def objects_cross_threads(lupa, lua, code):
    value = _in_threads([lambda: lua.eval(code)])[0]
    return lupa.lua_type(value), lua.eval("type(...)", value)


def waiting_for_a_busy_runtime_is_interruptible(lua):
    ended = []
    busy = threading.Thread(
        target=lambda: lua.eval("(...)()", lambda: (time.sleep(1.5), ended.append(True))), daemon=True
    )
    busy.start()
    time.sleep(0.3)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    outcome = attempt(lua.eval, "1 + 1")
    in_time = not ended
    busy.join()
    return type(getattr(outcome, "exception", outcome)).__name__, in_time


@limit(5)
def a_circle_of_waiting_threads(lupa):
    one, two = lupa.LuaRuntime(), lupa.LuaRuntime()
    both_inside = threading.Barrier(2)

    def enter(first, second):
        def callback():
            both_inside.wait()
            return second.eval("'entered'")

        return lambda: first.eval("(...)()", callback)

    outcomes = _in_threads([enter(one, two), enter(two, one)])
    return sorted(type(getattr(outcome, "exception", outcome)).__name__ for outcome in outcomes)
