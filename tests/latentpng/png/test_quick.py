"""The quick way to a file's front, against the careful one: whatever the file is, both find the same."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentpng.chunk.header import Front
from latentpng.chunk.metadata import metadata_from_json, metadata_to_json
from latentpng.chunk.ordinary import is_ordinary
from latentpng.chunk.strict_json import read_json
from latentpng.errors import InvalidValueError, LatentPngError
from latentpng.png.carriers import TWIN, read_front
from latentpng.png.chunks import SIGNATURE, build
from latentpng.png.files import write_picture
from latentpng.png.open import open_picture
from latentpng.png.quick import quick_front
from latentpng.record import Json, LatentRecord, Round, check_rounds
from latentpng.reports.show import inspect_file
from latentpng.shapes import check_shape, default_axes
from tests.latentpng.chunk.test_codec import changed, with_metadata
from tests.latentpng.png.test_hostile import png_of
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data, records, seeded_record

VECTORS = Path(__file__).parents[2] / "vectors"


def careful(path: Path) -> Front | str:
    """What the careful way finds: a front, or the sentence it ends in."""
    try:
        with open_picture(path) as (stream, size, name):
            return read_front(stream, size, name)
    except LatentPngError as error:
        return f"{type(error).__name__}: {error}"


def outcome(path: Path) -> Front | str:
    """What `inspect_file` finds, in the same form."""
    try:
        return inspect_file(path)
    except LatentPngError as error:
        return f"{type(error).__name__}: {error}"


def agree(path: Path) -> bool:
    """Checks that both ways find the same; True when the quick one found anything."""
    quick, slow = quick_front(path), careful(path)
    if quick is not None:
        assert quick[0] == slow
        assert quick[0].parsed == (slow.parsed if isinstance(slow, Front) else None)
    return quick is not None


@given(records())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_agree_on_good_files(tmp_path: Path, record: LatentRecord) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, record)
    assert agree(path)


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.png")), ids=lambda path: path.stem)
def test_both_ways_agree_on_the_golden_files(path: Path) -> None:
    assert agree(path) == (path.stem not in ("twin", "stripped"))


def test_both_ways_agree_on_every_truncation_and_flipped_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),), (1, 4, 4)))
    data = path.read_bytes()
    found = []
    for place in range(len(data)):
        path.write_bytes(data[:place])
        found.append(agree(path))
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
        found.append(agree(path))
    assert any(found)
    assert not all(found)


def files_of_all_kinds() -> dict[str, bytes]:
    """Good, odd and hostile files, by what is odd."""
    latent, picture = chunk_data(), png_of((b"laTn", chunk_data()))
    twin = TWIN.encode() + b"\0{}"
    long = build(b"tEXt", b"Comment\0" + b"x" * 70000)
    deep = with_metadata(latent, b"[" * 40 + b"]" * 40)
    return {
        "usual": picture,
        "far from the start": picture[:33] + long + picture[33:],
        "a header over the edge of the first piece": png_of((b"tEXt", b"C\0" + b"x" * 3960), (b"laTn", latent)),
        "metadata over the edge of the first piece": png_of((b"tEXt", b"C\0" + b"x" * 3800), (b"laTn", latent)),
        "two": png_of((b"laTn", latent), (b"laTn", latent)),
        "two that differ": png_of((b"laTn", latent), (b"laTn", latent + b"x")),
        "an empty one first": png_of((b"laTn", b""), (b"laTn", latent)),
        "a short one": png_of((b"laTn", latent[:20])),
        "behind the pixels": png_of()[:-12] + build(b"laTn", latent) + png_of()[-12:],
        "twin only": png_of((b"tEXt", twin)),
        "no pixels": SIGNATURE + b"".join(build(kind, b"\0" * 13) for kind in (b"IHDR", b"IEND")),
        "two headers": picture[:33] + picture[8:],
        "another major": png_of((b"laTn", changed(latent, 4, b"\2"))),
        "another codec": png_of((b"laTn", changed(latent, 16, b"\7"))),
        "critical flags": png_of((b"laTn", changed(latent, 6, b"\1"))),
        "byte 19": png_of((b"laTn", changed(latent, 19, b"\1"))),
        "deep": png_of((b"laTn", deep)),
        "a digit in a chunk's type": picture[:33] + build(b"ab1d", b"") + picture[33:],
        "a chunk without end": picture[:33] + b"\xff\xff\xff\xfftEXt" + picture[33:],
        "no PNG": b"GIF89a",
        "nothing": b"",
    }


@pytest.mark.parametrize("kind", files_of_all_kinds())
def test_both_ways_agree_on_odd_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(files_of_all_kinds()[kind])
    agree(path)
    assert outcome(path) == careful(path)


def test_both_ways_refuse_a_chunk_of_two_gibibytes(tmp_path: Path) -> None:
    path, data = tmp_path / "a.png", png_of((b"laTn", chunk_data()))
    with path.open("wb") as file:
        file.write(data[:33] + (2**31).to_bytes(4, "big") + b"huGe")
        file.seek(2**31 + 4, 1)
        file.write(data[33:])
    assert not agree(path)
    assert str(careful(path)).startswith("UnreadableFileError: ")


def test_the_quick_way_reads_far_and_around_edges(tmp_path: Path) -> None:
    for kind in ("usual", "far from the start", *[name for name in files_of_all_kinds() if "over the edge" in name]):
        (tmp_path / "a.png").write_bytes(files_of_all_kinds()[kind])
        assert quick_front(tmp_path / "a.png") is not None, kind


def test_the_quick_way_leaves_pipes_folders_and_nothing_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for name in ("pipe.png", ".", "missing.png", "x\0.png"):
        assert quick_front(tmp_path / name) is None
    (tmp_path / "-").write_bytes(png_of((b"laTn", chunk_data())))
    monkeypatch.chdir(tmp_path)
    assert quick_front("-") is None
    assert quick_front("./-") is not None


def test_the_quick_way_gives_up_where_chunks_are_many(tmp_path: Path) -> None:
    """A file can hold a million chunks of nothing: the careful way counts them, and has a limit to tell."""
    path, data = tmp_path / "a.png", png_of((b"laTn", chunk_data()))
    for tiny, is_quick in ((62, True), (63, False)):  # laTn and IDAT are two more
        path.write_bytes(data[:33] + build(b"tiNy", b"") * tiny + data[33:])
        assert agree(path) == is_quick


ROUND: dict[str, Json] = {"marks": [1], "of": 3, "scale": 0.5, "seed": "1"}
OTHER_ROUND: dict[str, Json] = {**ROUND, "bands": [1.0, 0.5], "region": "01", "settings": {}, "marks": [2, 0]}
ORDINARY: dict[str, Json] = {
    "base": 2, "node": "0" * 64, "noise": "gauss1", "pixels": "f" * 64, "root": {"seed": "7"},
    "rounds": [ROUND, OTHER_ROUND], "settings": {}, "software": {},
}  # fmt: skip
FROM_ELSEWHERE: dict[str, Json] = {**ORDINARY, "base": 0, "root": {"tensor": True, "source": {}}}
NUMBERS: tuple[Json, ...] = (True, False, -1, 0, 1, 2, 3, 64, 65, 2**70, -0.5, -0.0, 0.0, 1.0, 1.5)
TEXTS: tuple[Json, ...] = (
    "", "x", "0", "00", "07", "7", "-1", "1\u0660", str(2**64 - 1), str(2**64), "9" * 21, "0" + "7" * 19, "f" * 63,
    "F" * 64, "f" * 64, "g" * 64, "f" * 65, "01/10", "2", "0" * 9, "CHW", "HCW", "WHC",
)  # fmt: skip
LISTS: tuple[Json, ...] = (
    [], [0], [1.0], [True], ["1"], [0, 0], [2, 1], [0, 1, 2], [3], [-1], [0.5], [0.5, 1.0], [3.0, 1.0], [ROUND],
    [ROUND, ROUND], [{}, {}],
)  # fmt: skip
OBJECTS: tuple[Json, ...] = (
    None, {}, {"seed": 7}, {"seed": "7"}, {"seed": "7", "x": 1}, {"seed": "7", "tensor": True}, {"tensor": True},
    {"tensor": 1}, {"tensor": False}, {"tensor": True, "source": {}}, {"tensor": True, "source": 1},
    {"tensor": True, "x": 1},
)  # fmt: skip
KEYS = (*ORDINARY, *OTHER_ROUND, "axes", "codec", "source", "tensor", "x")


def keeps_every_rule(entries: dict[str, Json]) -> bool:
    """What the modules say that know each rule."""
    try:
        parsed = metadata_from_json(entries, 3)
        check_shape((2, 8, 8), parsed.axes)
        check_rounds(parsed.lineage, (2, 8, 8), parsed.axes)
    except InvalidValueError:
        return False
    return True


@pytest.mark.parametrize("base", [ORDINARY, FROM_ELSEWHERE], ids=["seed", "tensor"])
def test_ordinary_metadata_keeps_every_rule(base: dict[str, Json]) -> None:
    assert is_ordinary(base, (2, 8, 8))
    assert keeps_every_rule(base)
    found: set[tuple[bool, bool]] = set()
    for key in KEYS:
        for value in (*NUMBERS, *TEXTS, *LISTS, *OBJECTS):
            for place in range(4):
                entries: dict[str, Json] = json.loads(json.dumps(base))
                rounds, root = entries["rounds"], entries["root"]
                assert isinstance(rounds, list)
                places = (entries, *rounds, root)
                places[place][key] = value
                judged = is_ordinary(entries, (2, 8, 8)), keeps_every_rule(entries)
                assert judged[1] or not judged[0], (key, value, place)
                found.add(judged)
    for key in ORDINARY:
        entries = {name: value for name, value in base.items() if name != key}
        assert keeps_every_rule(entries) or not is_ordinary(entries, (2, 8, 8))
    assert found == {(True, True), (False, True), (False, False)}


@given(records())
@settings(max_examples=25, deadline=None)
def test_what_the_program_writes_is_ordinary(record: LatentRecord) -> None:
    entries = read_json(json.dumps(metadata_to_json(record)).encode())
    usual = record.axes == default_axes(len(record.axes)) and not record.extra and not record.lineage.root.extra
    assert is_ordinary(entries, record.tensor.shape) == usual


def test_work_and_rounds_have_their_limits_in_both(tmp_path: Path) -> None:
    entry: Json = {"marks": [0], "of": 64, "scale": 0.5, "seed": "1"}
    for count, fits in ((16, True), (17, False)):
        entries: dict[str, Json] = {
            "base": count, "node": "0" * 64, "noise": "gauss1", "root": {"seed": "1"}, "rounds": [entry] * count,
        }  # fmt: skip
        assert is_ordinary(entries, (2**21,)) == fits
    assert not is_ordinary(entries | {"base": 4097, "rounds": [entry] * 4097}, (1,))
    assert not (tmp_path / "a.png").exists()


number_texts = st.sampled_from(
    ["1e999", "-1E+0400", "1e308", "1e-999", "1" * 40, "1" * 41, "0." + "3" * 39, "12.5e3", "0", "-0", "1e0309", "2E99"]
)


@given(st.lists(number_texts | st.sampled_from(['"1e999"', '"' + "9" * 50 + '"', "true", "{}", "[]"]), max_size=5))
def test_numbers_are_judged_one_by_one_where_one_may_be_odd(parts: list[str]) -> None:
    text = '{"a":[' + ",".join(parts) + "]}"
    numbers = [part for part in parts if part[0] in "-0123456789"]
    is_good = all(len(number) <= 40 and math.isfinite(float(number)) for number in numbers)
    try:
        assert read_json(text.encode()) == json.loads(text)
    except InvalidValueError:
        assert not is_good
    else:
        assert is_good


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":1e999}', "finite numbers only, found 1e999"),
        ('{"a": [1,\n1E+0400]}', "finite numbers only, found 1E+0400"),
        ('{"a":' + "1" * 41 + "}", "a number has at most 40 characters, found 41"),
        ("1e999", "finite numbers only, found 1e999"),
        ('{"a":1e999,"b', "finite numbers only, found 1e999"),
        ('{"a":"1e999', "JSON needed, found an error at 5 (Unterminated string starting at)"),
        ('{"a":"\\uD800"}', "text is Unicode, found half of a surrogate pair"),
        ('{"a":"\\udc00"}', "text is Unicode, found half of a surrogate pair"),
        ('{"a":' + "[" * 32 + "]" * 32 + "}", "at most 32 nested values, found more"),
    ],
)
def test_odd_json_has_its_sentence(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_json(text.encode())
    assert str(caught.value) == message


def test_brackets_in_strings_are_not_counted() -> None:
    assert read_json(('{"a":"' + '[{\\"' * 40 + '"}').encode()) == {"a": '[{"' * 40}
