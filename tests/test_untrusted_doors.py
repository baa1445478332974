"""The table of SECURITY.md: for each door, that it is open by default, and that its switch closes it."""

import os
import types

import pytest


class Account:
    """What a host might hand to a script."""

    secret = "password"

    def __init__(self):
        self.balance = 100

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount


PUBLIC = {Account: {"balance", "withdraw"}}


def only_public(obj, name, is_setting):
    if not is_setting and name in PUBLIC.get(type(obj), ()):
        return name
    raise AttributeError(f"no access to {name!r}")


def no_items(obj, key, is_setting):
    raise KeyError("no items")


@pytest.fixture
def sandbox(new_runtime):
    """The recipe of SECURITY.md."""
    return new_runtime(
        libs="safe", register_eval=False, register_builtins=False, attribute_filter=only_public, item_filter=no_items
    )


def refused(lua, code, *args):
    """Whether the script gets an error when it asks for the value."""
    return not lua.execute(f"local ok = pcall(function(...) return {code} end, ...) return ok", *args)


def generate():
    yield 1


def leaking():
    """A generator whose frames lead to the host."""
    return generate()


#: Ways from an object that a host hands out to everything that Python can do, by attributes.
WAYS = {
    "the class of an object": ("o.__class__", Account),
    "the subclasses of object": ("o.__class__.__base__.__subclasses__", Account),
    "the globals of a function": ("o.__globals__", lambda: generate),
    "the globals of a method": ("o.withdraw.__func__.__globals__", Account),
    "the code of a function": ("o.__code__.co_consts", lambda: generate),
    "the closure of a function": ("o.__closure__", lambda: generate),
    "the frame of a generator": ("o.gi_frame.f_globals", leaking),
    "the builtins of a frame": ("o.gi_frame.f_builtins", leaking),
    "the type of None": ("python.none.__class__.__base__", Account),
    "the module of a builtin function": ("o.__self__", lambda: len),
    "the class of python.args": ("python.args({}).__class__", Account),
    "the items of a dict, by a method": ("python.as_attrgetter(o).get", dict),
    "writing an attribute": ("(function() o.balance = 10^6 end)()", Account),
    "a hidden attribute": ("o.secret", Account),
    "metamethods called by hand": ("getmetatable(o).__index(o, 'secret')", Account),
    "the object as a function": ("python.as_attrgetter(python.as_function(o)).secret", Account),
}


class TestAttributes:
    @pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
    def test_open_by_default(self, lua, way):
        code, make = way
        assert not refused(lua, f"(function(o) return {code} end)(...)", make())

    @pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
    def test_closed_by_a_filter_that_lists_what_is_allowed(self, sandbox, way):
        code, make = way
        assert refused(sandbox, f"(function(o) return {code} end)(...)", make())

    def test_a_filter_of_underscores_leaves_frames_open(self, new_runtime):
        """The reason why the recipe lists what is allowed."""

        def no_underscores(obj, name, is_setting):
            if name.startswith("_"):
                raise AttributeError(name)
            return name

        lua = new_runtime(register_eval=False, register_builtins=False, attribute_filter=no_underscores)
        escaped = "local o = ... local import = o.gi_frame.f_builtins['__import__'] return import('os')"
        assert lua.execute(escaped, leaking()) is os

    def test_what_is_listed_works(self, sandbox):
        account = Account()
        assert sandbox.execute("local account = ... account:withdraw(30) return account.balance", account) == 70

    def test_exceptions_carry_frames(self, lua, sandbox):
        code = """(function(account)
            local _, e = pcall(account.withdraw, 1000)
            return e.__traceback__.tb_frame.f_globals
        end)(...)"""
        assert not refused(lua, code, Account())
        assert refused(sandbox, code, Account())

    def test_errors_of_the_filter_carry_frames_that_it_closes(self, sandbox):
        code = "(function(o) local _, e = pcall(function() return o.secret end) return e.__traceback__.tb_frame end)(...)"
        assert refused(sandbox, code, Account())
        code = "(function(o) local _, e = pcall(function() return o.secret end) return e.args end)(...)"
        assert refused(sandbox, code, Account())

    def test_handlers_see_attributes_and_items(self, new_runtime):
        seen = []
        lua = new_runtime(attribute_handlers=(lambda obj, key: seen.append(key), lambda obj, key, value: seen.append(key)))
        lua.execute("local d, o = ... local _ = d.a, o.b d.c = 1 o.d = 1", {}, types.SimpleNamespace())
        assert seen == ["a", "b", "c", "d"]


class TestItems:
    def test_open_by_default_and_under_an_attribute_filter(self, lua, new_runtime):
        for runtime in (lua, new_runtime(attribute_filter=only_public)):
            assert runtime.execute("local d = ... d.b = 2 return d.a", {"a": 1}) == 1

    def test_closed_by_an_item_filter(self, sandbox):
        d = {"a": 1}
        for code in ("(...).a", "(...)[1]", "(function(d) d.a = 2 end)(...)", "python.as_itemgetter(...).a"):
            assert refused(sandbox, code, d)
        assert d == {"a": 1}

    def test_what_no_filter_sees(self, sandbox):
        """Iteration, text and calls: what is handed out can be iterated, shown and called."""
        d = {"a": 1}
        assert sandbox.execute("for key in python.iter(...) do return key end", d) == "a"
        assert sandbox.execute("return tostring(...)", d) == "{'a': 1}"
        assert sandbox.execute("return (...)()", d.copy) == d

    def test_the_functions_of_python_can_be_taken_away(self, sandbox):
        python = sandbox.globals().python
        for name in list(python):
            python[name] = None
        for code in ("python.iter(...)", "python.as_itemgetter(...)", "python.args({})", "python.enumerate(...)"):
            assert refused(sandbox, code, {"a": 1})


class TestPython:
    def test_eval(self, lua, sandbox):
        assert lua.eval("python.eval('6 * 7')") == 42
        assert refused(sandbox, "python.eval('6 * 7')")
        assert sandbox.eval("python.eval") is None

    def test_builtins(self, lua, sandbox):
        assert lua.eval("python.builtins.__import__('os')") is os
        assert refused(sandbox, "python.builtins.len('x')")
        assert sandbox.eval("python.builtins") is None

    def test_callables_do_what_they_do(self, sandbox):
        """A function that reads attributes on behalf of others is a way past the filter: hand out none."""
        account = Account()
        assert sandbox.execute("local getattr, o = ... return getattr(o, 'secret')", getattr, account) == "password"
        text = sandbox.execute("local format, o = ... return format('{0.secret}', o)", str.format, account)
        assert text == "password"

    def test_a_class_makes_instances(self, sandbox):
        assert isinstance(sandbox.execute("return (...)()", Account), Account)

    def test_the_overflow_handler_is_the_scripts_to_set(self, sandbox):
        code = "python.set_overflow_handler(function(n) return -1 end)"
        sandbox.execute(code)
        assert sandbox.execute("return ...", 2**80) == -1
        sandbox.set_overflow_handler(None)
        with pytest.raises(OverflowError):
            sandbox.execute("return ...", 2**80)

    def test_the_metatable_of_objects_is_a_facade(self, lua, sandbox):
        for runtime in (lua, sandbox):
            account = Account()
            runtime.execute("""
                local meta = getmetatable(...)
                for name in pairs(meta) do meta[name] = function() return 'forged' end end
                pcall(setmetatable, ..., {})
            """, account)  # fmt: skip
            assert runtime.execute("return (...).balance", account) == 100
            assert runtime.execute("return getmetatable(...).__metatable", account) is None


class TestLibraries:
    @pytest.mark.parametrize(
        "code",
        [
            "io.open('/dev/null')",
            "io.popen('true')",
            "os.execute()",
            "os.getenv('PATH')",
            "os.tmpname()",
            "os.exit",
            "require('string')",
            "package.loadlib",
            "debug.getregistry()",
            "debug.getmetatable(python.none).__gc",
            "debug.sethook()",
            "loadfile('/dev/null')",
            "dofile('/dev/null')",
            "string.dump(function() end)",
            "('').dump",
            "getmetatable('').__index.dump",
        ],
    )
    def test_open_by_default_and_closed_by_the_preset(self, lua, sandbox, code):
        assert not refused(lua, code)
        assert refused(sandbox, f"assert({code})")

    def test_ffi(self, lua, sandbox, flavour):
        assert (lua.eval("pcall(require, 'ffi')")[0] is True) == flavour.is_luajit
        assert refused(sandbox, "require('ffi')")
        assert sandbox.eval("ffi == nil and jit == nil") is True

    def test_bytecode(self, lua, sandbox, bytecode):
        code = "".join(f"\\{byte:03}" for byte in bytecode)
        assert lua.execute(f"return (loadstring or load)('{code}')()") == 42
        assert sandbox.execute(f"return (loadstring or load)('{code}')")[0] is None

    def test_output_goes_to_the_standard_output(self, run_script):
        assert run_script("LuaRuntime(libs='safe').execute('print(1)')").strip() == "1"

    def test_print_can_be_taken_away_like_everything(self, sandbox):
        sandbox.globals().print = None
        assert refused(sandbox, "print(1)")

    def test_exit_ends_the_process_by_default(self, run_script):
        assert run_script("LuaRuntime().execute('os.exit(0)'); print('never')") == ""

    def test_the_collector_can_be_stopped(self, sandbox):
        """Memory has `max_memory`; the collector of a runtime belongs to its scripts."""
        assert sandbox.execute("collectgarbage('stop') return collectgarbage('count') > 0") is True
        sandbox.gccollect()


class TestOneRuntimeIsOneZone:
    def test_scripts_of_one_runtime_see_each_other(self, sandbox):
        sandbox.execute("string.format = function() return 'forged' end")
        assert sandbox.eval("('%d'):format(1)") == "forged"

    def test_runtimes_do_not(self, sandbox, lua):
        sandbox.execute("string.format, x = nil, 1")
        assert lua.eval("('%d'):format(1)") == "1"
        assert lua.eval("x") is None

    def test_finalizers_run_when_the_runtime_goes(self, new_runtime):
        called = []
        lua = new_runtime(libs="safe")
        code = """
            local call = ...
            local proxy = newproxy and newproxy(true) or setmetatable({}, {__gc = true})
            getmetatable(proxy).__gc = function() call('late') end
            keep = newproxy and proxy or setmetatable(proxy, getmetatable(proxy))
        """
        lua.execute(code, called.append)
        del lua
        assert called == ["late"]
