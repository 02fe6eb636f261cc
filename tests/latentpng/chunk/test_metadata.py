"""Metadata: every broken rule is one sentence that says what was found."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.chunk.strict_json import read_json, write_json
from latentpng.chunk.validate import check_metadata
from latentpng.errors import InvalidValueError
from latentpng.record import Json
from tests.support.latentpng.pictures import objects

GOOD: dict[str, Json] = {
    "base": 1,
    "node": "0" * 64,
    "noise": "gauss1",
    "root": {"seed": "7"},
    "rounds": [{"marks": [3], "of": 4, "scale": 0.3, "seed": "101"}],
}
ROUND: dict[str, Json] = {"marks": [3], "of": 4, "scale": 0.3, "seed": "101"}


@given(objects)
def test_json_reads_back_and_has_one_form(value: dict[str, Json]) -> None:
    data = write_json(value)
    assert read_json(data) == value
    assert write_json(read_json(data)) == data
    assert data.isascii()
    assert read_json(json.dumps(value, indent=2).encode()) == value


def test_the_one_form_is_sorted_and_bare() -> None:
    assert write_json({"b": [1, 0.1, 1e22], "a": {"é": None}}) == b'{"a":{"\\u00e9":null},"b":[1,0.1,1e+22]}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"a":1,"a":2}', "a key may occur once in an object, found 'a' twice"),
        (b'{"a":NaN}', "finite numbers only, found NaN"),
        (b'{"a":1e999}', "finite numbers only, found 1e999"),
        (b'{"a":-Infinity}', "finite numbers only, found -Infinity"),
        (b'{"a":' + b"9" * 5000 + b"}", "a number has at most 40 characters, found 5000"),
        (b'{"a":0.' + b"9" * 5000 + b"}", "a number has at most 40 characters, found 5002"),
        (b'{"a":' + b"[" * 100000, "at most 32 nested values, found more"),
        (b'{"a":' * 100000, "at most 32 nested values, found more"),
        (b'{"a":"\\ud800"}', "valid Unicode needed, found half of a surrogate pair"),
        (b'{"a":"\xc3\xa9"}', "ASCII needed, found byte 0xc3 at 6"),
        (b"[]", "a JSON object needed, found []"),
        (b"", "JSON needed, found an error at 0 (Expecting value)"),
        (b'{"a":1} x', "JSON needed, found an error at 8 (Extra data)"),
        (b'{"a":"\n"}', "JSON needed, found an error at 6 (Invalid control character at)"),
    ],
)
def test_json_that_breaks_a_rule_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_json(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", [b'"\\"' * 60000, b'{"a":"' + b'\\"[' * 80000, b'{"a":"' + b"\\\\" * 100000])
def test_hostile_strings_cost_no_time(text: bytes) -> None:
    with pytest.raises(InvalidValueError):
        read_json(text)


def test_brackets_in_strings_do_not_nest() -> None:
    assert read_json(b'{"a":"' + b'[{\\"' * 100 + b'"}') == {"a": '[{"' * 100}


def test_a_deep_value_is_not_written() -> None:
    value: dict[str, Json] = {}
    for _ in range(2000):
        value = {"a": value}
    with pytest.raises(InvalidValueError):
        write_json(value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base": 0}, "base is 1 for this root and its rounds, found 0"),
        ({"base": True}, "base is 1 for this root and its rounds, found True"),
        ({"node": "0" * 63}, f"node is a SHA-256 in 64 lower-case hexadecimal digits, found '{'0' * 63}'"),
        ({"node": None}, "node is a text, found None"),
        ({"pixels": ""}, "pixels is a SHA-256 in 64 lower-case hexadecimal digits, found ''"),
        ({"noise": 1}, "noise is a text, found 1"),
        ({"axes": []}, "axes is a text, found []"),
        ({"settings": []}, "settings is an object, found []"),
        ({"software": "x"}, "software is an object, found 'x'"),
        ({"dims": [1]}, "'dims' is not allowed as a key of the metadata"),
        ({"rounds": {}}, "rounds are a list of at most 4096 objects"),
        ({"rounds": [ROUND] * 4097}, "rounds are a list of at most 4096 objects"),
        ({"rounds": [1]}, "round 1: an object needed, found 1"),
        ({"root": []}, "root: an object needed, found []"),
        ({"root": {}}, 'root: {"seed": ...} or {"tensor": true} needed, found neither'),
        ({"root": {"tensor": False}}, 'root: {"seed": ...} or {"tensor": true} needed, found neither'),
        ({"root": {"seed": "7", "tensor": True}}, 'root: {"seed": ...} or {"tensor": true} needed, found neither'),
        ({"root": {"tensor": True, "source": 1}}, "root: source is an object, found 1"),
        ({"root": {"seed": 7}}, "root: a seed is a decimal string from 0 to 2^64 - 1, found 7"),
        ({"root": {"seed": "07"}}, "root: a seed is a decimal string from 0 to 2^64 - 1, found '07'"),
        ({"root": {"seed": "٣"}}, "root: a seed is a decimal string from 0 to 2^64 - 1, found '٣'"),
        (
            {"root": {"seed": "18446744073709551616"}},
            "root: a seed is a decimal string from 0 to 2^64 - 1, found '18446744073709551616'",
        ),
    ],
)
def test_a_broken_rule_is_one_sentence(change: dict[str, Json], message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_metadata({**GOOD, **change}, (2, 8, 8))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": 0}, "a round has 1 to 64 candidates, found 0"),
        ({"of": 65}, "a round has 1 to 64 candidates, found 65"),
        ({"of": 4.0}, "of is a whole number, found 4.0"),
        ({"marks": []}, "marks name at least one candidate, each once, found []"),
        ({"marks": [1, 1]}, "marks name at least one candidate, each once, found [1, 1]"),
        ({"marks": [1] * 1000}, f"marks name at least one candidate, each once, found [{'1, ' * 26}…"),
        ({"marks": [4]}, "marks are indices below 4, found [4]"),
        ({"marks": [-1]}, "marks are indices below 4, found [-1]"),
        ({"marks": [True]}, "marks are a list of whole numbers, found [True]"),
        ({"marks": "3"}, "marks are a list of whole numbers, found '3'"),
        ({"marks": [0, 1, 2, 3]}, "all 4 candidates are marked: zero-sum noise has no blend of all"),
        ({"scale": 1.5}, "scale is a number from 0 to 1, found 1.5"),
        ({"scale": -0.1}, "scale is a number from 0 to 1, found -0.1"),
        ({"scale": "1"}, "scale is a number, found '1'"),
        ({"scale": 10**39}, "scale is a number from 0 to 1, found 1e+39"),
        ({"prompt_scale": 1.5}, "prompt_scale is a number from 0 to 1, found 1.5"),
        ({"prompt_scale": -0.1}, "prompt_scale is a number from 0 to 1, found -0.1"),
        ({"prompt_scale": True}, "prompt_scale is a number, found True"),
        ({"bands": [4.0]}, "bands are factors >= 0 with scale * band <= 1, found [4.0]"),
        ({"bands": [-1.0]}, "bands are factors >= 0 with scale * band <= 1, found [-1.0]"),
        ({"bands": 1}, "bands are a list of at most 32 numbers, found 1"),
        ({"region": "01/1"}, "a region is rows of 0 and 1 of one length, joined by '/'"),
        ({"region": "/"}, "a region is rows of 0 and 1 of one length, joined by '/'"),
        ({"region": "2"}, "a region is rows of 0 and 1 of one length, joined by '/'"),
        ({"region": "1" * 65}, "a region has at most 64 x 64 cells"),
        ({"region": 1}, "region is a text, found 1"),
        ({"seed": None}, "a seed is a decimal string from 0 to 2^64 - 1, found None"),
        ({"settings": 1}, "settings is an object, found 1"),
        ({"before": [1]}, "before is an object, found [1]"),
    ],
)
def test_a_broken_round_is_named_by_its_number(change: dict[str, Json], message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_metadata({**GOOD, "base": 2, "rounds": [ROUND, {**ROUND, **change}]}, (2, 8, 8))
    assert str(caught.value) == f"round 2: {message}"


@pytest.mark.parametrize("key", sorted(GOOD))
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_metadata({name: value for name, value in GOOD.items() if name != key}, (2, 8, 8))
    assert str(caught.value) == f"{key} is missing"


@pytest.mark.parametrize("key", sorted(ROUND))
def test_a_missing_key_of_a_round_is_named(key: str) -> None:
    short = {name: value for name, value in ROUND.items() if name != key}
    with pytest.raises(InvalidValueError) as caught:
        check_metadata({**GOOD, "rounds": [short]}, (2, 8, 8))
    assert str(caught.value) == f"round 1: {key} is missing"


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x, max_size=2)), st.data()
)
def test_wrong_kinds_give_only_our_errors(value: Json, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([*GOOD, "axes", "pixels", "settings", "software"]))
    inner = data.draw(st.sampled_from([*ROUND, "bands", "before", "region", "settings"]))
    changes: tuple[dict[str, Json], ...] = (
        {key: value},
        {"rounds": [{**ROUND, inner: value}]},
        {"root": {"seed": value}},
    )
    for change in changes:
        with contextlib.suppress(InvalidValueError):
            check_metadata({**GOOD, **change}, (2, 8, 8))
