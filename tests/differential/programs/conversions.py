"""Values from Python to Lua and from Lua to Python."""

import collections
import decimal
import enum
import fractions
import math

from support import attempt, each


class _Int(int):
    pass


class _Float(float):
    pass


class _Str(str):
    pass


class _Bytes(bytes):
    pass


class _Number(enum.IntEnum):
    FIVE = 5


class _Flag(enum.IntFlag):
    A = 1
    B = 2


TO_LUA = {
    "none": None,
    "true": True,
    "false": False,
    "zero": 0,
    "one": 1,
    "negative": -1,
    "int_32": 2**31,
    "int_53": 2**53,
    "int_53_plus_1": 2**53 + 1,
    "int_53_negative": -(2**53) - 1,
    "int_62": 2**62,
    "int_max": 2**63 - 1,
    "int_min": -(2**63),
    "int_63": 2**63,
    "int_below_min": -(2**63) - 1,
    "int_64": 2**64,
    "int_huge": 10**100,
    "int_subclass": _Int(7),
    "int_enum": _Number.FIVE,
    "int_flag": _Flag.A | _Flag.B,
    "float": 1.5,
    "float_integral": 2.0,
    "float_zero": 0.0,
    "float_negative_zero": -0.0,
    "float_infinity": math.inf,
    "float_negative_infinity": -math.inf,
    "float_nan": math.nan,
    "float_large": 1e300,
    "float_tiny": 5e-324,
    "float_2_53": 2.0**53,
    "float_2_63": 2.0**63,
    "float_subclass": _Float(2.5),
    "text": "text",
    "text_empty": "",
    "text_umlaut": "äöü€😀",
    "text_nul": "a\0b",
    "text_surrogate": "\udc80",
    "text_subclass": _Str("sub"),
    "bytes": b"bytes",
    "bytes_empty": b"",
    "bytes_subclass": _Bytes(b"sub"),
    "bytearray": bytearray(b"array"),
    "tuple": (1, 2),
    "list": [1, 2],
    "dict": {"a": 1},
    "set": {1},
    "complex": 1 + 2j,
    "decimal": decimal.Decimal("1.5"),
    "fraction": fractions.Fraction(1, 3),
    "function": len,
    "cls": int,
    "ellipsis": ...,
    "not_implemented": NotImplemented,
    "range": range(3),
    "deque": collections.deque([1]),
    "exception": ValueError("x"),
    "slice": slice(1, 2),
}


@each(**TO_LUA)
def seen_by_lua(lua, value):
    return lua.eval("type(...), tostring(...)", value)


@each(**TO_LUA)
def there_and_back(lua, value):
    back = lua.eval("...", value)
    return back, type(back).__name__, back is value


@each(**TO_LUA)
def number_kind(lua, value):
    return lua.eval("math.type and math.type(...)", value)


@each(**TO_LUA)
def returned_by_a_callback(lua, value):
    return lua.eval("(function(f) local x = f() return type(x), x end)(...)", lambda: value)


TO_PYTHON = {
    "nil": "nil",
    "true": "true",
    "false": "false",
    "integer": "5",
    "negative": "-5",
    "float": "1.5",
    "float_integral": "3.0",
    "float_negative_zero": "-0.0",
    "float_division": "6 / 2",
    "float_power": "2 ^ 3",
    "float_2_53": "2 ^ 53",
    "float_2_53_plus_2": "2 ^ 53 + 2",
    "float_2_62": "2 ^ 62",
    "float_2_63": "2 ^ 63",
    "float_minus_2_63": "-(2 ^ 63)",
    "float_2_64": "2 ^ 64",
    "float_1e15": "1e15",
    "float_1e300": "1e300",
    "float_infinity": "1 / 0",
    "float_negative_infinity": "-1 / 0",
    "hexadecimal": "0xff",
    "large_literal": "9223372036854775807",
    "larger_literal": "9223372036854775808",
    "floor": "math.floor(3.7)",
    "string_length": "#'abc'",
    "string_to_number": "'10' + 5",
    "tonumber": "tonumber('0x10')",
    "tonumber_float": "tonumber('1e1')",
    "tonumber_fails": "tonumber('x')",
    "text": "'text'",
    "text_empty": "''",
    "text_umlaut": "'ä'",
    "text_nul": "'a\\0b'",
    "text_undecodable": "'\\255'",
    "text_half": "'\\195'",
    "text_surrogate": "'\\237\\160\\128'",
    "text_overlong": "'\\192\\128'",
    "text_long": "('x'):rep(300)",
    "table": "{1, x = 2}",
    "function": "print",
    "thread": "coroutine.create(function() end)",
    "userdata": "io.stdout",
    "bytes_of_dump": "type(string.dump(function() end))",
    "comparison": "1 < 2",
    "nan_is_not_itself": "0/0 ~= 0/0",
    "character": "string.char(104, 105)",
    "integer_overflow": "9007199254740993 + 0",
    "boolean_and": "nil and 1",
    "boolean_or": "false or 'x'",
}


@each(**TO_PYTHON)
def from_lua(lua, code):
    value = lua.eval(code)
    return value, type(value).__name__


@each(**TO_PYTHON)
def argument_of_a_callback(lua, code):
    seen = []
    lua.globals().f = lambda *args: seen.append(args)
    lua.execute(f"f({code})")
    return seen


def not_a_number(lua):
    value = lua.eval("0/0")
    return type(value), value != value


def boolean_identity(lua):
    return lua.eval("true") is True, lua.eval("false") is False, lua.eval("...", 1) is True


def bool_like_values_are_numbers(lua):
    return (
        lua.eval("(...) == 1", 1),
        lua.eval("(...) == 1", True),
        lua.eval("(...) == true", True),
        lua.eval("(...) == true", 1),
    )


def integer_arithmetic(lua):
    return lua.eval("(...) + 1", 2**53), lua.eval("(...) * 2", 2**61), lua.eval("(...) + 1", 2**63 - 1)


def integer_and_float_keys(lua):
    table = lua.table()
    table[1] = "a"
    return lua.eval("(...)[1.0]", table), table[1.0]


def integer_beyond_double_precision(lua):
    return [
        lua.eval("...", value) == value for value in (2**53 - 1, 2**53, 2**53 + 1, 2**53 + 2, 2**60 + 2, 2**60 + 2**10)
    ]


def text_and_bytes_are_one_string(lua):
    return lua.eval("(...) == select(2, ...)", "ä", "ä".encode())


def length_is_in_bytes(lua):
    return lua.eval("#...", "äöü"), lua.eval("#...", b"abc"), lua.eval("#...", "😀")


def long_text(lua):
    text = "ä" * 1_000_000
    return lua.eval("...", text) == text, lua.eval("#...", text)


def all_bytes(lua):
    data = bytes(range(256))
    return lua.eval("#...", data), lua.eval("(...):byte(129)", data), attempt(lua.eval, "...", data)


def all_byte_values_by_string_char(lua):
    return attempt(lua.eval, "string.char(128)"), lua.eval("string.char(65, 0, 66)")


def numbers_format_in_lua(lua):
    return (
        lua.eval("tostring((...))", 1),
        lua.eval("tostring((...))", 1.0),
        lua.eval("tostring((...))", 1e15),
        lua.eval("tostring((...))", 1e100),
    )


def integers_as_string_arguments(lua):
    return lua.eval("('x'):rep(...)", 3), lua.eval("('x'):rep(...)", 3.0), attempt(lua.eval, "('x'):rep(...)", 3.5)


def string_numbers_are_converted_by_lua(lua):
    return lua.eval("(...) + 1", "41"), attempt(lua.eval, "(...) + 1", "x")


def many_values_there_and_back(lua):
    values = [None, True, 1, 2.5, "x", b"y", (1,), [2], {"k": 3}]
    return lua.eval("...", *values)


def numpy_like_scalars(lua):
    class Scalar:
        def __int__(self):
            return 5

        def __float__(self):
            return 5.0

        def __index__(self):
            return 5

    return lua.eval("type(...)", Scalar())


def str_subclass_with_own_encode(lua):
    class Own(str):
        def encode(self, *args):
            return b"own"

    return lua.eval("...", Own("text"))


def int_subclass_with_own_int(lua):
    class Own(int):
        def __int__(self):
            return 99

        def __index__(self):
            return 98

    return lua.eval("...", Own(5))


def float_subclass_with_own_float(lua):
    class Own(float):
        def __float__(self):
            return 99.0

    return lua.eval("...", Own(5.5))
