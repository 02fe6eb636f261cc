"""Typed access to JSON values: what each kind accepts, and the message for what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from latentpng.errors import InvalidValueError
from latentpng.json_fields import JsonFields
from latentpng.record import Json, JsonObject

ENTRIES: JsonObject = {"t": "x", "b": True, "i": 7, "n": 0.5, "s": "18446744073709551615", "a": [1], "o": {"k": 1}}
FIELDS = JsonFields(ENTRIES)


def test_values_of_the_right_kind_are_returned() -> None:
    assert (FIELDS.text("t"), FIELDS.boolean("b"), FIELDS.integer("i")) == ("x", True, 7)
    assert (FIELDS.number("n"), FIELDS.number("i"), FIELDS.seed("s")) == (0.5, 7.0, 2**64 - 1)
    assert (FIELDS.array("a"), FIELDS.mapping("o")) == ([1], {"k": 1})
    assert FIELDS.integer("s", or_digits=True) == 2**64 - 1


def test_a_missing_key_has_its_default_or_is_an_error() -> None:
    assert (FIELDS.text("z", ""), FIELDS.boolean("z", False), FIELDS.integer("z", 3)) == ("", False, 3)
    assert (FIELDS.number("z", 0.0), FIELDS.seed("z", 9), FIELDS.array("z", []), FIELDS.mapping("z", {})) == (
        *(0.0, 9, []),
        {},
    )
    with pytest.raises(InvalidValueError, match=r"^z is missing$"):
        FIELDS.text("z")


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (JsonFields.text, 7, "x is a text, found 7"),
        (JsonFields.boolean, 1, "x is true or false, found 1"),
        (JsonFields.integer, True, "x is a whole number, found True"),
        (JsonFields.integer, 1.0, "x is a whole number, found 1.0"),
        (JsonFields.integer, "7", "x is a whole number, found '7'"),
        (JsonFields.number, False, "x is a number, found False"),
        (JsonFields.number, float("inf"), "x is a finite number, found inf"),
        (JsonFields.number, 10**400, f"x is a number in the range of 64-bit floats, found {'1' + '0' * 78}…"),
        (JsonFields.seed, 7, "x is a decimal string from 0 to 2^64 - 1, found 7"),
        (JsonFields.seed, "007", "x is a decimal string from 0 to 2^64 - 1, found '007'"),
        (JsonFields.seed, str(2**64), f"x is a decimal string from 0 to 2^64 - 1, found '{2**64}'"),
        (JsonFields.array, {}, "x is a list, found {}"),
        (JsonFields.mapping, None, "x is an object, found None"),
    ],
)
def test_a_wrong_value_is_one_sentence(read: Callable[[JsonFields, str], object], value: Json, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read(JsonFields({"x": value}), "x")
    assert str(caught.value) == message


def test_the_context_and_the_exception_are_the_callers() -> None:
    with pytest.raises(LookupError, match=r"^settings: x is a text, found 1$"):
        JsonFields({"x": 1}, "settings: ", LookupError).text("x")
