"""The limits on JSON of other tools, which are checked before the parser runs."""

from __future__ import annotations

import pytest

from latentpng.foreign.tools.loosejson import MAX_DEPTH, MAX_LENGTH, MAX_TOKENS, excess_of, read_value

TOO_DEEP = f"has more than {MAX_DEPTH} levels"


@pytest.mark.parametrize("inside", ["[" * 100, '\\"' + "[" * 100, "\\\\", "]" * 100, "{[,]}" * 50])
def test_signs_in_strings_do_not_count(inside: str) -> None:
    text = "[" * 60 + f'"{inside}"' + "]" * 60
    assert excess_of(text) == ""
    assert read_value(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 65 + "]" * 65,
        '{"a":' * 65 + "1" + "}" * 65,
        "[[]," * 65 + "[]" + "]" * 65,
        "[" * 100_000,
        '["]",' * 65 + "1" + "]" * 65,
        '["\\\\",' * 65 + "1" + "]" * 65,
        '["\\"]",' * 65 + "1" + "]" * 65,
    ],
)
def test_deep_values_are_not_parsed(text: str) -> None:
    assert excess_of(text) == TOO_DEEP
    assert read_value(text) is None


def test_long_texts_and_many_values_are_not_parsed() -> None:
    assert excess_of(" " * (MAX_LENGTH + 1)) == f"has more than {MAX_LENGTH} characters"
    assert excess_of("[" + "1," * MAX_TOKENS + "1]") == f"has more than {MAX_TOKENS} values"
    assert excess_of("[" + "1," * (MAX_TOKENS - 3) + "1]") == ""
