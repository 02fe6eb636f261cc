"""Metadata that is huge, deep, circular, truncated or absurd: it is read as far as possible, with our errors only."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentpng.chunk.strict_json import json_text
from latentpng.errors import UnreadableFileError
from latentpng.foreign.containers.exif import exif_texts
from latentpng.foreign.containers.found import MAX_TEXT, MAX_TEXTS
from latentpng.foreign.containers.xmp import xmp_texts
from latentpng.foreign.read import foreign_from_texts, read_foreign, reading_of
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import foreign_json, foreign_lines
from latentpng.foreign.tools.invokeai import MAX_BRACKETS, MAX_SWITCHES
from latentpng.foreign.tools.loosejson import MAX_LENGTH, MAX_TOKENS, read_object, read_value
from latentpng.png.chunks import build
from latentpng.record import Json
from tests.support.foreign.replacing import replaced
from tests.support.foreign.samples import COMFYUI, DRAWTHINGS_XMP, SAMPLES
from tests.support.foreign.samples_files import (
    USER_COMMENT,
    exif_of,
    jpeg_of,
    picture,
    png,
    png_of,
    unicode_comment,
    webp_of,
)
from tests.support.foreign.samples_more import MORE_SAMPLES
from tests.support.foreign.samples_webui import A1111, Sample

ALL_SAMPLES = {**SAMPLES, **MORE_SAMPLES}
JSON_KEYWORDS = ("invokeai_metadata", "sd-metadata", "parameters", "prompt", "workflow", "Comment", "UserComment")
FIELDS = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512"


def shown(record: ForeignRecord) -> list[str]:
    """Return the lines for people; the form for programs must be valid too."""
    json.loads(json_text(foreign_json(record)))
    return foreign_lines(record)


def test_prompts_of_a_megabyte_are_read(tmp_path: Path) -> None:
    prompt = "a red boat, " * 85_000
    text = f"{prompt}\nNegative prompt: {prompt}\n{FIELDS}"
    path = tmp_path / "a.png"
    path.write_bytes(png_of({"parameters": text}))
    record = read_foreign(path)
    assert (record.prompt, record.negative_prompt, record.seed) == (prompt.strip(), prompt.strip(), 1)
    assert max(map(len, shown(record))) == 17 + 4000
    graph = COMFYUI.texts["prompt"].replace("a red boat", prompt)
    path.write_bytes(png_of({"prompt": graph}))
    assert read_foreign(path).prompt == prompt


STARTS = (
    "Include in Image: a; Seed: 1; Generator: x",
    '"a" 5x5px negative-prompt:"',
    "a --ar 1:1 --v 6 Job ID: 11111111-2222-4333-8444-555555555555",
    "Negative prompt: x",
    "Stable Diffusion model: x\nSeed: 1\nLoRA model: ['",
    "x\nSteps: 3, Sampler: Euler, CFG scale: 1\n, Seed: ",
    '{"software": "RuinedFooocus", "loras": "<lora:',
)
"""How the forms begin that are not JSON objects or contain texts of their own form."""
LINES = {
    "no field": "a" * 10**6,
    "commas": "a," * 10**6,
    "colons": "a:" * 10**6,
    "quotes": 'a: "' * 10**5,
    "long name": "a" * 10**6 + ":",
    "spaces": " " * 10**6,
    "backslashes": 'a:"' + "\\" * 10**6,
    "brackets": "[" * 10**6,
    "switches": "a -s 1 " * 10**5,
    "open quote": '"' + "a\\" * 10**6,
    "fields": "a: 1, " * 10**5,
    "lines": "\n" * 10**6,
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_no_text_takes_long(line: str) -> None:
    for keyword in ("parameters", "Dream", "UserComment", "Comment", "prompt", "invokeai_metadata", "Description"):
        record = foreign_from_texts({keyword: f"{line}\n{FIELDS}"})
        assert record.tool in ("unknown", "a1111", "invokeai")
        shown(record)
    foreign_from_texts({"parameters": f"x\n{FIELDS}, {line}"})
    for start in STARTS:
        shown(foreign_from_texts({"Description": f"{start}{line}"}))


@pytest.mark.parametrize("keyword", JSON_KEYWORDS)
@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 10**5 + "1" + "}" * 10**5,
        '{"a":' + "[" * 10**6,
        '{"a":[' + "1," * 10**6 + "1]}",
        '{"a":"' + '\\"[' * 10**5,
        '{"a":1} x',
        "{",
        '{"a":1' + "0" * 10**5 + "}",
    ],
    ids=["deep", "deeper", "wide", "unfinished", "more", "less", "long"],
)
def test_json_beyond_the_limits_is_ignored(keyword: str, text: str) -> None:
    record = foreign_from_texts({keyword: text})
    assert (record.tool, record.seed) in (("unknown", None), ("invokeai", None))


def test_numbers_and_characters_that_json_does_not_have_are_replaced() -> None:
    text = '{"a": NaN, "b": -Infinity, "c": 1e999, "d": %s, "e": "\\ud800x", "f": 1, "f": 2, "g": "é\n"}' % ("9" * 41)
    expected = {"a": None, "b": None, "c": None, "d": None, "e": "?x", "f": 2, "g": "é\n"}
    assert read_object(text) == expected
    assert read_value("\ufeff" + json.dumps({"a": "[{" * 100})) == {"a": "[{" * 100}
    assert read_value("[" * 65 + "]" * 65) is None
    assert read_value("[" * 64 + "]" * 64) is not None
    assert read_value("[" + "1," * (MAX_TOKENS - 2) + "1]") is not None
    assert read_value("[" + "1," * (MAX_TOKENS - 1) + "1]") is None
    assert read_value("[" + "1 ," * (MAX_TOKENS - 2) + "1]") is not None
    assert read_value('["' + "," * MAX_TOKENS + '"]') is not None
    assert read_value(" " * MAX_LENGTH + "1") is None
    assert read_object("[1]") == {}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1" * 40, int("1" * 40)), ("1" * 41, None), ("-" + "1" * 40, None), ("0." + "3" * 38, float("0." + "3" * 38)),
        ("0." + "3" * 39, None), ("1e99", 1e99), ("1E+99", 1e99), ("1e308", 1e308), ("1e309", None), ("1E+0309", None),
        ("1e-400", 0.0), ("12345678901234567890", 12345678901234567890),
    ],
)  # fmt: skip
def test_a_number_is_read_or_null_whatever_stands_beside_it(number: str, expected: Json) -> None:
    """Texts without an unusual number are parsed by a faster decoder."""
    assert read_value(f"[{number}]") == [expected]
    assert read_value(f'[{number}, "é", 1e400, {"7" * 50}, 2.5]') == [expected, "é", None, None, 2.5]


@pytest.mark.parametrize(
    ("typed", "prompt", "negative"),
    [
        ("a [fog] b", "a  b", "fog"),
        ("a [ fog ] b [rain]", "a  b", "fog rain"),
        ("a [b [c] d] e", "a [b  d] e", "c"),
        ("] a [", "] a [", ""),
        ("a [] b", "a  b", ""),
        ("[" * 10**6, "[" * 10**6, ""),
        ("]" * 10**6, "]" * 10**6, ""),
        ("[x]" * (MAX_BRACKETS + 1), "[x]", " ".join(["x"] * MAX_BRACKETS)),
    ],
)
def test_text_in_brackets_is_the_negative_prompt(typed: str, prompt: str, negative: str) -> None:
    record = foreign_from_texts({"Dream": f'"{typed}" -s 20 -S 1'})
    assert (record.prompt, record.negative_prompt, record.seed) == (prompt, negative, 1)


@pytest.mark.parametrize(
    ("typed", "prompt", "steps"),
    [
        ("a cat -s 20 -S 1", "a cat", 20),
        ("a -s 10 cat -s 20 -S 1", "a -s 10 cat", 20),
        ("a cat -s20 -S 1", "a cat", 20),
        ("a cat -size -s 20 -S 1 x-s 3", "a cat -size", 20),
        ("-s 20 -S 1", "-s 20 -S 1", 0),
        ("a cat", "a cat", 0),
        ("a" + "-s" * MAX_SWITCHES + " -s 5", "a" + "-s" * MAX_SWITCHES, 5),
        ("a -s 5" + "-s" * MAX_SWITCHES, "a -s 5" + "-s" * MAX_SWITCHES, 0),
    ],
)
def test_the_switches_start_at_the_last_number_of_steps(typed: str, prompt: str, steps: int) -> None:
    record = foreign_from_texts({"Dream": typed})
    assert (record.prompt, record.num_inference_steps) == (prompt, steps)


@pytest.mark.parametrize("digits", [41, 4301, 10**5])
def test_seeds_beyond_forty_digits_are_absent(digits: int) -> None:
    seed = "9" * digits
    record = foreign_from_texts(
        {"parameters": f"x\nSteps: {seed}, Seed: {seed}, CFG scale: {seed}, Size: {seed}x{seed}"}
    )
    assert (record.seed, record.num_inference_steps, record.guidance_scale, record.width) == (None, 0, None, 0)
    assert foreign_from_texts({"prompt": COMFYUI.texts["prompt"].replace("18446744073709551615", seed)}).seed is None
    largest = foreign_from_texts({"parameters": f"x\nSteps: 1, Seed: -{'9' * 40}, CFG scale: 1"})
    assert largest.seed == -(10**40 - 1)


WRONG: tuple[Json, ...] = (None, True, 1, -1.5, 1e300, "", "x", [], [[]], {}, {"a": {}}, ["4", 0], "9" * 100)


@pytest.mark.parametrize("sample", ALL_SAMPLES.values(), ids=ALL_SAMPLES)
def test_values_of_a_wrong_type_are_absent(sample: Sample) -> None:
    for keyword, text in sample.texts.items():
        value = read_value(text)
        if not isinstance(value, dict):
            continue
        for wrong in WRONG:
            counter = [0]
            replaced(value, wrong, counter)
            for at in range(1, 1 - counter[0]):
                record = foreign_from_texts({**sample.texts, keyword: json.dumps(replaced(value, wrong, [at]))})
                shown(record)
                assert record.tool in ("", "unknown", sample.record.tool)
                assert record.seed is None or isinstance(record.seed, int)
                assert isinstance(record.prompt, str)


def test_a_decompression_bomb_costs_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    bomb = zlib.compress(b" " * 10**8)
    good = build(b"tEXt", b"parameters\0" + A1111.texts["parameters"].encode())
    for kind, head in ((b"zTXt", b"prompt\0\0"), (b"iTXt", b"prompt\0\1\0\0\0")):
        path.write_bytes(png([build(kind, head + bomb), good]))
        tracemalloc.start()
        try:
            found = read_foreign(path)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        note = f"its text 'prompt' is damaged, or longer than the {MAX_TEXT:,} bytes that are read"
        assert found == replace(A1111.record, notes=(note,))
        assert peak < 40 * 2**20


def test_all_texts_of_a_file_share_one_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    longest = zlib.compress(b" " * MAX_TEXT)
    first = [build(b"zTXt", keyword + b"\0\0" + longest) for keyword in (b"Source", b"Comment")]
    last = build(b"tEXt", b"parameters\0" + A1111.texts["parameters"].encode())
    path.write_bytes(png([first[0], last]))
    assert read_foreign(path) == A1111.record
    path.write_bytes(png([*first, last]))
    length = len(A1111.texts["parameters"].encode()) + len("parameters") + 1
    note = f"its text 'parameters' of {length} bytes is not read, because at most {MAX_TEXTS:,} of a file are"
    assert read_foreign(path) == ForeignRecord(notes=(note,))


def test_many_small_chunks_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    many = b"".join(build(b"tEXt", b"Comment\0%d" % at) for at in range(20_000))
    path.write_bytes(png([many, build(b"tEXt", b"parameters\0" + A1111.texts["parameters"].encode())]))
    assert read_foreign(path) == A1111.record


def test_controls_and_markup_stay_out_of_the_terminal() -> None:
    evil = "\x1b[31m\u202e[bold]\x07\u2028red"
    texts = {"parameters": f"{evil}\nSteps: 20, Sampler: {evil}, Seed: 1, {evil}: {evil}, Version: {evil}"}
    record = foreign_from_texts(texts)
    assert record.prompt == evil
    assert shown(record) == [
        "tool             Stable Diffusion web UI [31m[bold] red",
        "prompt           [31m[bold] red",
        "seed             1",
        "steps            20",
        "sampler          [31m[bold] red",
        "[31m[bold] red   [31m[bold] red",
    ]


def exif_with(entries: list[tuple[int, int, int, int]], tail: bytes = b"") -> bytes:
    """Return a little-endian EXIF block of one directory."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + tail


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Exif\0\0",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x0e\x01",
        exif_with([(0x010E, 2, 2**32 - 1, 8)]),
        exif_with([(0x010E, 2, 100, 2**32 - 1)]),
        exif_with([(0x010E, 99, 4, 8)]),
        exif_with([(0x8769, 4, 1, 8)] * 3),
        exif_with([(0x8769, 4, 1, 2**32 - 1)]),
        exif_with([(0x8769, 4, 2**32 - 1, 8)]),
        exif_with([(0x9286, 7, 8, 2**31)]),
    ],
)
def test_exif_with_wrong_offsets_has_no_text(data: bytes) -> None:
    assert exif_texts(data) == {}


def test_exif_is_read_up_to_the_first_wrong_offset() -> None:
    data = exif_with([(0x010E, 2, 3, 0x636261), (0x010F, 2, 5, 2**31), (0x0131, 2, 1, 0x62)])
    assert exif_texts(data) == {"ImageDescription": "abc", "Software": "b"}
    comment = exif_of({}, {USER_COMMENT: unicode_comment("x" * 100)})
    for end in range(len(comment)):
        assert exif_texts(comment[:end]).get("UserComment", "") == ""


@pytest.mark.parametrize(
    ("packet", "texts"),
    [
        ("", {}),
        ("<exif:UserComment>", {}),
        ("</exif:UserComment><exif:UserComment>", {}),
        ("<exif:UserComment></exif:UserComment>", {}),
        (
            "<exif:UserComment>&amp;lt; &#65;&#x42; &#xD800;&#1114112; &nope;</exif:UserComment>",
            {"UserComment": "&lt; AB \ufffd\ufffd &nope;"},
        ),
        (
            "<exif:UserComment>" + "<" * 10**6 + "</exif:UserComment>",
            {"UserComment": "<" * 10**6},
        ),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><exif:UserComment>&a;</exif:UserComment>", {"UserComment": "&a;"}),
    ],
)
def test_xmp_is_cut_not_parsed(packet: str, texts: dict[str, str]) -> None:
    assert xmp_texts(packet) == texts


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_every_truncation_is_one_sentence_or_the_whole_text(kind: str) -> None:
    data = picture(kind, exif_of({}, {USER_COMMENT: unicode_comment(A1111.texts["parameters"])}))
    for end in range(len(data)):
        problem, record = outcome(data[:end])
        assert problem.startswith("a: ") if problem else record in (ForeignRecord(), A1111.record)


def outcome(data: bytes) -> tuple[str, ForeignRecord]:
    """Return the error message of reading ("" without an error) and the record; the record is rendered too."""
    try:
        record = reading_of(io.BytesIO(data), len(data), "a").record
    except UnreadableFileError as error:
        return str(error), ForeignRecord()
    shown(record)
    return "", record


def mutated(data: bytes, changes: list[tuple[int, int]], end: int) -> bytes:
    """Return the bytes with some of them changed, cut at `end` unless it is 0."""
    changed = bytearray(data)
    for at, byte in changes:
        changed[at % len(changed)] = byte
    return bytes(changed[: end % len(changed)]) if end else bytes(changed)


FILES = [
    *(png_of(sample.texts) for sample in SAMPLES.values()),
    picture("JPEG", exif_of({0x0131: "x"}, {USER_COMMENT: unicode_comment(A1111.texts["parameters"])})),
    picture("WEBP", exif_of({0x0110: "prompt:" + COMFYUI.texts["prompt"]})),
    webp_of([(b"XMP ", DRAWTHINGS_XMP.encode())]),
    jpeg_of([(0xFE, A1111.texts["parameters"].encode())]),
]
CHANGES = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=6)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FILES), CHANGES, st.integers(0, 5000))
def test_only_our_errors_come_out_of_changed_files(data: bytes, changes: list[tuple[int, int]], end: int) -> None:
    problem, _ = outcome(mutated(data, changes, end))
    assert problem == "" or (problem.startswith("a: ") and problem.isprintable())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(ALL_SAMPLES.values())), CHANGES, st.integers(0, 5000))
def test_changed_texts_are_read_or_not(sample: Sample, changes: list[tuple[int, int]], end: int) -> None:
    texts = {keyword: mutated(text.encode(), changes, end).decode("latin-1") for keyword, text in sample.texts.items()}
    shown(foreign_from_texts(texts))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_exif_or_not(data: bytes) -> None:
    for head in (b"", b"Exif\0\0", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b"Exif\0\0MM\0*\0\0\0\x08\0\x02"):
        exif_texts(head + data)
