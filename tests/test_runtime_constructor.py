"""`LuaRuntime(...)`: its keywords, their order, their defaults and what is refused."""

import copy
import pickle

import pytest


def identity(*args):
    return args[0] if args else None


class TestDefaults:
    def test_no_argument_is_needed(self, lupa_module):
        assert lupa_module.LuaRuntime().eval("1 + 1") == 2

    def test_strings_are_utf8_text(self, lua):
        assert lua.eval(r"'\195\164'") == "ä"

    def test_eval_and_builtins_are_registered(self, lua):
        assert lua.eval("python.eval ~= nil and python.builtins ~= nil") is True

    def test_tuples_stay_whole(self, lua):
        assert lua.eval("select('#', python.eval('(1, 2)'))") == 1

    def test_memory_is_not_counted(self, lua):
        assert lua.get_memory_used() is None
        assert lua.get_max_memory() is None

    def test_all_standard_libraries_are_open(self, lua):
        for library in ("string", "table", "math", "io", "os", "coroutine", "debug", "package"):
            assert lua.eval(f"type({library})") == "table"


class TestPositionalOrder:
    """Every keyword may be given by position, in this order."""

    def test_encoding_is_first(self, new_runtime):
        assert new_runtime("latin-1").eval(r"'\228'") == "ä"

    def test_source_encoding_is_second(self, new_runtime):
        assert new_runtime(None, "latin-1").eval("'ä'") == b"\xe4"

    def test_attribute_filter_is_third(self, new_runtime):
        lua = new_runtime("UTF-8", None, lambda obj, name, is_setting: "real")
        assert lua.eval("function(x) return x.imag end")(complex) is complex.real

    def test_attribute_handlers_are_fourth(self, new_runtime):
        lua = new_runtime("UTF-8", None, None, (lambda obj, name: name * 2, None))
        assert lua.eval("python.builtins.ab") == "abab"

    def test_register_eval_is_fifth(self, new_runtime):
        lua = new_runtime("UTF-8", None, None, None, False)
        assert lua.eval("python.eval == nil and python.builtins ~= nil") is True

    def test_unpack_returned_tuples_is_sixth(self, new_runtime):
        lua = new_runtime("UTF-8", None, None, None, True, True)
        assert lua.eval("select('#', python.eval('(1, 2)'))") == 2

    def test_register_builtins_is_seventh(self, new_runtime):
        lua = new_runtime("UTF-8", None, None, None, True, False, False)
        assert lua.eval("python.builtins == nil and python.eval ~= nil") is True

    def test_overflow_handler_is_eighth(self, new_runtime):
        lua = new_runtime("UTF-8", None, None, None, True, False, True, str)
        assert lua.eval("function(x) return x end")(2**70) == str(2**70)

    def test_max_memory_is_ninth(self, new_runtime, needs_allocator):
        lua = new_runtime("UTF-8", None, None, None, True, False, True, None, 10_000_000)
        assert lua.get_max_memory() == 10_000_000

    def test_string_hash_seed_is_tenth(self, new_runtime, needs_allocator):
        lua = new_runtime("UTF-8", None, None, None, True, False, True, None, None, 7)
        assert lua.eval("1") == 1

    def test_an_eleventh_argument_is_refused(self, new_runtime):
        with pytest.raises(TypeError, match="10 positional arguments"):
            new_runtime(*[None] * 11)

    def test_an_unknown_keyword_is_refused(self, new_runtime):
        with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
            new_runtime(colour="red")


class TestEncodingArgument:
    @pytest.mark.parametrize("value", ["latin-1", b"latin-1", bytearray(b"latin-1")], ids=["str", "bytes", "bytearray"])
    def test_the_name_may_be_text_or_bytes(self, new_runtime, value):
        assert new_runtime(encoding=value).eval("'\xe4'") == "ä"
        assert new_runtime(source_encoding=value).eval("#'\xe4'") == 1

    @pytest.mark.parametrize("keyword", ["encoding", "source_encoding"])
    def test_other_types_are_refused(self, new_runtime, keyword):
        with pytest.raises(ValueError, match="expected string, got <class 'int'>"):
            new_runtime(**{keyword: 8})

    @pytest.mark.parametrize("keyword", ["encoding", "source_encoding"])
    def test_bytes_must_be_ascii(self, new_runtime, keyword):
        with pytest.raises(ValueError, match="byte string input has unknown encoding, only ASCII is allowed"):
            new_runtime(**{keyword: b"\xff"})

    @pytest.mark.parametrize("keyword", ["encoding", "source_encoding"])
    def test_text_must_be_ascii(self, new_runtime, keyword):
        with pytest.raises(UnicodeEncodeError):
            new_runtime(**{keyword: "ütf"})

    def test_an_unknown_name_is_found_out_at_first_use(self, new_runtime):
        lua = new_runtime(encoding="no-such-codec")
        with pytest.raises(LookupError, match="unknown encoding: no-such-codec"):
            lua.eval("'text'")

    def test_none_means_bytes(self, new_runtime):
        assert new_runtime(encoding=None).eval("'text'") == b"text"


class TestCallbackArguments:
    @pytest.mark.parametrize("keyword", ["attribute_filter", "overflow_handler"])
    def test_must_be_callable(self, new_runtime, keyword):
        with pytest.raises(ValueError, match=f"{keyword} must be callable"):
            new_runtime(**{keyword: 1})

    @pytest.mark.parametrize(
        "handlers",
        [1, (identity,), (identity, identity, identity), (1, 2), (identity, 2), (1, identity)],
        ids=["no sequence", "one", "three", "not callable", "setter not callable", "getter not callable"],
    )
    def test_handlers_are_a_pair_of_callables(self, new_runtime, handlers):
        with pytest.raises(ValueError, match="attribute_handlers must be a sequence of two callables"):
            new_runtime(attribute_handlers=handlers)

    @pytest.mark.parametrize("handlers", [None, (), [], 0, (None, None), [identity, None], {identity, None}])
    def test_handlers_may_be_empty_or_any_collection(self, new_runtime, handlers):
        assert new_runtime(attribute_handlers=handlers).eval("1") == 1

    def test_handlers_may_be_an_iterator(self, new_runtime):
        assert new_runtime(attribute_handlers=iter([identity, None])).eval("1") == 1

    def test_filter_and_handlers_exclude_each_other(self, new_runtime):
        with pytest.raises(ValueError, match="attribute_filter and attribute_handlers are mutually exclusive"):
            new_runtime(attribute_filter=identity, attribute_handlers=(identity, identity))

    def test_a_filter_goes_with_handlers_that_are_off(self, new_runtime):
        assert new_runtime(attribute_filter=identity, attribute_handlers=(None, None)).eval("1") == 1


class TestRegisterFlags:
    @pytest.mark.parametrize("flag", [False, 0, None, ""])
    def test_eval_is_left_out(self, new_runtime, flag):
        assert new_runtime(register_eval=flag).eval("python.eval") is None

    @pytest.mark.parametrize("flag", [False, 0, None, ""])
    def test_builtins_are_left_out(self, new_runtime, flag):
        assert new_runtime(register_builtins=flag).eval("python.builtins") is None

    def test_the_rest_of_the_python_table_stays(self, new_runtime):
        lua = new_runtime(register_eval=False, register_builtins=False)
        names = set(lua.globals().python)
        assert names == {
            "none", "as_attrgetter", "as_itemgetter", "as_function", "iter", "iterex", "enumerate", "args",
            "set_overflow_handler",
        }  # fmt: skip


class TestHashSeed:
    @pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
    def test_an_unsigned_integer_is_accepted(self, new_runtime, needs_allocator, seed):
        assert new_runtime(string_hash_seed=seed).eval("('x'):rep(3)") == "xxx"

    def test_a_negative_seed_is_refused(self, new_runtime, needs_allocator):
        with pytest.raises(OverflowError):
            new_runtime(string_hash_seed=-1)

    def test_a_seed_must_be_an_integer(self, new_runtime, needs_allocator):
        with pytest.raises(TypeError):
            new_runtime(string_hash_seed="seed")

    def test_a_seed_switches_accounting_on(self, new_runtime, needs_allocator):
        assert isinstance(new_runtime(string_hash_seed=3).get_memory_used(total=True), int)

    def test_equal_seeds_give_equal_table_orders(self, new_runtime, flavour, needs_allocator):
        if flavour.version < (5, 5):
            pytest.skip("the seed of string hashes can be set from Lua 5.5 on")

        def order(seed):
            lua = new_runtime(string_hash_seed=seed)
            return list(lua.eval("{alpha=1, beta=2, gamma=3, delta=4, epsilon=5, zeta=6, eta=7, theta=8}"))

        assert order(1) == order(1)
        assert len({tuple(order(seed)) for seed in range(20)}) > 1


class TestIdentityOfTheType:
    def test_each_runtime_has_its_own_globals(self, new_runtime):
        first, second = new_runtime(), new_runtime()
        first.execute("x = 1")
        assert second.eval("x") is None

    def test_it_can_be_subclassed(self, new_runtime):
        class Scripting(new_runtime):
            def twice(self, code):
                return self.eval(f"2 * ({code})")

        lua = Scripting(encoding="latin-1")
        assert isinstance(lua, new_runtime)
        assert lua.twice("21") == 42

    def test_a_subclass_may_override_init(self, new_runtime):
        class Named(new_runtime):
            def __init__(self, encoding):
                self.label = encoding

        assert Named("UTF-8").label == "UTF-8"

    def test_it_has_no_default_reduce(self, lua):
        with pytest.raises(TypeError):
            pickle.dumps(lua)
        with pytest.raises(TypeError):
            copy.copy(lua)

    def test_repr_names_type_and_module(self, lua, lupa_module):
        assert repr(lua).startswith(f"<{lupa_module.__name__}.LuaRuntime object at 0x")

    def test_public_names(self, lua):
        assert {name for name in dir(lua) if not name.startswith("_")} >= {
            "compile", "eval", "execute", "gccollect", "get_max_memory", "get_memory_used", "globals",
            "lua_implementation", "lua_version", "nogc", "require", "set_max_memory", "set_overflow_handler",
            "table", "table_from",
        }  # fmt: skip

    def test_attributes_are_not_assignable(self, lua):
        with pytest.raises(AttributeError):
            lua.lua_version = (9, 9)
        with pytest.raises(AttributeError):
            lua.anything = 1


class TestVersion:
    def test_lua_version_is_the_language_version(self, lua, lupa_module, flavour):
        assert lua.lua_version == lupa_module.LUA_VERSION == flavour.version

    def test_it_is_what_lua_says(self, lua, flavour):
        major, minor = flavour.version
        assert lua.eval("_VERSION") == f"Lua {major}.{minor}"

    def test_implementation_names_lua_or_luajit(self, lua, flavour):
        if flavour.is_luajit:
            assert lua.lua_implementation.startswith(f"LuaJIT 2.{flavour.name[-1]}.")
        else:
            assert lua.lua_implementation == "Lua %d.%d" % flavour.version

    def test_the_module_is_the_runtime_its_name_says(self, flavour):
        digits = flavour.name[-2:]
        assert flavour.version == ((5, 1) if flavour.is_luajit else (int(digits[0]), int(digits[1])))
