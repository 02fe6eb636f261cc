"""The front of a file: whatever the file is, a slow and plain reader of the tests finds the same."""

from __future__ import annotations

import io
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentpng.chunk.metadata import metadata_from_json, metadata_to_json
from latentpng.chunk.strict_json import read_json
from latentpng.chunk.validate import check_metadata
from latentpng.errors import FileError, InvalidValueError, UnreadableFileError
from latentpng.png.carriers import find, read_front
from latentpng.png.chunks import SIGNATURE, START_BYTES, build
from latentpng.png.files import write_picture
from latentpng.png.twin import TWIN
from latentpng.record import Json, LatentRecord, Round
from latentpng.reports.show import inspect_file
from tests.support.latentpng import plain_reader
from tests.support.latentpng.files import changed, large_chunk, png_of, with_metadata
from tests.support.latentpng.outcomes import plain_end, plain_front
from tests.support.latentpng.pictures import RGB, SIDE, chunk_data, records, seeded_record
from tests.support.latentpng.plain_reader import DAMAGED, NO_LATENT, NO_PNG, PlainFront, keeps_rules

VECTORS = Path(__file__).parents[2] / "vectors"


def outcome(path: Path) -> PlainFront | str:
    """Return what `inspect_file` finds, in the form of the plain reader."""
    try:
        front = inspect_file(path)
    except FileError as error:
        return plain_end(error)
    assert (front.parsed is not None) == front.is_known
    return plain_front(front)


def agreed(path: Path) -> PlainFront | str:
    """Return what both readers find in a file."""
    found = outcome(path)
    assert found == plain_reader.front_of(path.read_bytes())
    return found


@given(records())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_readers_agree_on_good_files(tmp_path: Path, record: LatentRecord) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, record)
    found = agreed(path)
    assert isinstance(found, PlainFront)
    assert found.metadata == read_json(json.dumps(found.metadata).encode())


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.png")), ids=lambda path: path.stem)
def test_both_readers_agree_on_the_golden_files(path: Path) -> None:
    found = agreed(path)
    if path.stem == "stripped":
        assert found == NO_LATENT
    else:
        assert isinstance(found, PlainFront)
        assert found.carrier == ("twin" if path.stem == "twin" else "chunk")


def test_both_readers_agree_on_every_truncation_and_flipped_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(path, SIDE, SIDE, RGB, seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),), (1, 4, 4)))
    data = path.read_bytes()
    found = set()
    for place in range(len(data)):
        for changed_data in (data[:place], data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]):
            path.write_bytes(changed_data)
            result = agreed(path)
            found.add(result if isinstance(result, str) else result.carrier)
    assert found == {"chunk", "twin", NO_PNG, DAMAGED}


def files_of_all_kinds() -> dict[str, bytes]:
    """Return good, odd and hostile files by a name for what is odd."""
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
        "critical flags": png_of((b"laTn", changed(latent, 6, b"\2"))),
        "a flag of large noise": png_of((b"laTn", changed(latent, 6, b"\1"))),
        "large noise": png_of((b"laTn", large_chunk())),
        "large noise without its flag": png_of((b"laTn", changed(large_chunk(), 6, b"\0"))),
        "large noise that claims to be stored": png_of((b"laTn", changed(large_chunk(), 16, b"\1"))),
        "noise above the limit": png_of((b"laTn", changed(large_chunk(), 20, (9).to_bytes(4, "little")))),
        "byte 19": png_of((b"laTn", changed(latent, 19, b"\1"))),
        "deep": png_of((b"laTn", deep)),
        "a digit in a chunk's type": picture[:33] + build(b"ab1d", b"") + picture[33:],
        "a chunk without end": picture[:33] + b"\xff\xff\xff\xfftEXt" + picture[33:],
        "no PNG": b"GIF89a",
        "nothing": b"",
    }


@pytest.mark.parametrize("kind", files_of_all_kinds())
def test_both_readers_agree_on_odd_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(files_of_all_kinds()[kind])
    agreed(path)


@pytest.mark.parametrize("before", range(START_BYTES - 200, START_BYTES + 40))
def test_a_latent_may_lie_anywhere_around_the_end_of_the_first_read(tmp_path: Path, before: int) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_of((b"tEXt", b"C\0" + b"x" * (before - 47)), (b"laTn", chunk_data())))
    assert path.read_bytes().index(b"laTn") == before + 4
    found = agreed(path)
    assert isinstance(found, PlainFront)
    assert found.carrier == "chunk"


class Reads(io.BytesIO):
    """A file that records where it is read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[tuple[int, int | None]] = []

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and record it."""
        self.reads.append((self.tell(), size))
        return super().read(size)


def test_one_page_and_the_frame_of_the_next_chunk_are_all_that_is_read(tmp_path: Path) -> None:
    record = seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),), (4, 32, 32))
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, record)
    data = (tmp_path / "a.png").read_bytes()
    file = Reads(data)
    assert read_front(file, len(data), "a.png").metadata["base"] == 1
    assert file.reads == [(0, START_BYTES), (data.index(b"IDAT") - 4, 8)]


OWN_PARAMETERS = b"parameters\0a cat\nSteps: 4, Version: latentpng 1"


@pytest.mark.parametrize(
    ("kind", "data", "is_other"),
    [
        (b"tEXt", b"parameters\0a cat\nSteps: 4, Version: v1.9.4", True),
        (b"tEXt", OWN_PARAMETERS, False),
        (b"iTXt", b"parameters\0\0\0\0\0a cat\nVersion: latentpng 1", False),
        (b"tEXt", OWN_PARAMETERS + b" " * START_BYTES, True),  # not all of it is in the first page
        (b"tEXt", b"latentpng\0{}", False),
        (b"zTXt", b"Comment\0\0", True),
        (b"eXIf", b"II*\0", True),
        (b"comf", b"prompt\0{}", True),
        (b"tiNy", b"prompt\0{}", False),
    ],
)
def test_texts_of_other_tools_are_noticed_on_the_way(kind: bytes, data: bytes, is_other: bool) -> None:
    for png in (png_of((kind, data), (b"laTn", chunk_data())), png_of((b"laTn", chunk_data()), (kind, data))):
        assert find(io.BytesIO(png), len(png), "a.png", whole=False).other_texts == is_other
    png = png_of((b"laTn", chunk_data()))
    behind = png[:-12] + build(kind, data) + png[-12:]
    assert not find(io.BytesIO(behind), len(behind), "a.png", whole=False).other_texts


@pytest.mark.parametrize("kind", [b"laTn", b"tEXt"])
def test_a_chunk_that_is_all_of_the_first_read_or_a_byte_more(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.png"
    text = plain_reader.front_of(png_of((b"laTn", chunk_data())))
    assert isinstance(text, PlainFront)
    for length in range(START_BYTES - 41 - 6, START_BYTES - 41 + 6):
        data = TWIN.encode() + b"\0" + b" " * (length - 10) if kind == b"tEXt" else chunk_data() + bytes(length)
        path.write_bytes(png_of((kind, data)))
        assert agreed(path) == DAMAGED


def test_a_chunk_of_two_gibibytes_is_refused(tmp_path: Path) -> None:
    path, data = tmp_path / "a.png", png_of((b"laTn", chunk_data()))
    with path.open("wb") as file:
        file.write(data[:33] + (2**31).to_bytes(4, "big") + b"huGe")
        file.seek(2**31 + 4, 1)
        file.write(data[33:])
    with pytest.raises(UnreadableFileError) as caught:
        inspect_file(path)
    assert str(caught.value) == f"{path}: a PNG chunk needed at byte 33, found b'\\x80\\x00\\x00\\x00huGe'"


def test_pipes_folders_and_nothing_are_refused_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    open_files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only how many there are
    for name, message in (
        ("pipe.png", "a regular file needed, found a pipe or device; use - for standard input"),
        ("folder", "it cannot be read (Is a directory)"),
        ("missing.png", "it cannot be read (No such file or directory)"),
        ("x\0.png", "this is not a valid file name"),
    ):
        (tmp_path / "folder").mkdir(exist_ok=True)
        with pytest.raises(UnreadableFileError) as caught:
            inspect_file(tmp_path / name)
        assert str(caught.value).endswith(f": {message}")
    assert len(os.listdir("/proc/self/fd")) == open_files  # noqa: PTH208 (names alone)
    (tmp_path / "-").write_bytes(png_of((b"laTn", chunk_data())))
    monkeypatch.chdir(tmp_path)
    assert inspect_file("./-").carrier == "chunk"


@pytest.mark.parametrize("tiny", [62, 63, 400])
def test_many_chunks_before_the_latent_are_walked(tmp_path: Path, tiny: int) -> None:
    path, data = tmp_path / "a.png", png_of((b"laTn", chunk_data()))
    path.write_bytes(data[:33] + build(b"tiNy", b"") * tiny + data[33:])
    found = agreed(path)
    assert isinstance(found, PlainFront)
    assert found.carrier == "chunk"


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


def is_accepted(entries: dict[str, Json], dims: tuple[int, ...]) -> bool:
    """Return whether the validator accepts metadata; what it accepts always has values."""
    try:
        newer = check_metadata(entries, dims)
    except InvalidValueError:
        return False
    if not newer:
        metadata_from_json(entries, len(dims))
    return True


@pytest.mark.parametrize("base", [ORDINARY, FROM_ELSEWHERE], ids=["seed", "tensor"])
def test_the_validator_accepts_what_keeps_every_rule(base: dict[str, Json]) -> None:
    assert is_accepted(base, (2, 8, 8))
    found: set[bool] = set()
    for key in KEYS:
        for value in (*NUMBERS, *TEXTS, *LISTS, *OBJECTS):
            for place in range(4):
                entries: dict[str, Json] = json.loads(json.dumps(base))
                rounds, root = entries["rounds"], entries["root"]
                assert isinstance(rounds, list)
                places = (entries, *rounds, root)
                places[place][key] = value
                found.add(is_accepted(entries, (2, 8, 8)))
                assert is_accepted(entries, (2, 8, 8)) == keeps_rules(entries, (2, 8, 8)), (key, value, place)
    assert found == {True, False}
    for place in range(4):
        for key in KEYS:
            entries = json.loads(json.dumps(base))
            rounds, root = entries["rounds"], entries["root"]
            assert isinstance(rounds, list)
            (entries, *rounds, root)[place].pop(key, None)
            assert is_accepted(entries, (2, 8, 8)) == keeps_rules(entries, (2, 8, 8)), (key, place)


@given(records())
@settings(max_examples=25, deadline=None)
def test_what_the_program_writes_keeps_every_rule(record: LatentRecord) -> None:
    entries = read_json(json.dumps(metadata_to_json(record.metadata)).encode())
    assert is_accepted(entries, record.tensor.shape)
    assert keeps_rules(entries, record.tensor.shape)


def test_work_and_rounds_have_their_limits() -> None:
    entry: Json = {"marks": [0], "of": 64, "scale": 0.5, "seed": "1"}
    cheap: Json = {"marks": [0], "of": 1, "scale": 0.5, "seed": "1"}
    for count, one, dims, fits in (
        (16, entry, (2**21,), True),
        (17, entry, (2**21,), False),
        (128, cheap, (2**21,), True),
        (129, cheap, (2**21,), False),
        (32, cheap, (2**23,), True),
        (33, cheap, (2**23,), False),
        (4096, cheap, (1,), True),
        (4097, cheap, (1,), False),
    ):
        entries: dict[str, Json] = {
            "base": count, "node": "0" * 64, "noise": "gauss1", "root": {"seed": "1"}, "rounds": [one] * count,
        }  # fmt: skip
        assert is_accepted(entries, dims) == keeps_rules(entries, dims) == fits


number_texts = st.sampled_from(
    ["1e999", "-1E+0400", "1e308", "1e-999", "1" * 40, "1" * 41, "0." + "3" * 39, "12.5e3", "0", "-0", "1e0309", "2E99"]
)


@given(st.lists(number_texts | st.sampled_from(['"1e999"', '"' + "9" * 50 + '"', "true", "{}", "[]"]), max_size=5))
def test_numbers_that_may_be_too_long_or_infinite_are_checked_one_by_one(parts: list[str]) -> None:
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
        ('{"a":"\\uD800"}', "valid Unicode needed, found half of a surrogate pair"),
        ('{"a":"\\udc00"}', "valid Unicode needed, found half of a surrogate pair"),
        ('{"a":' + "[" * 32 + "]" * 32 + "}", "at most 32 nested values, found more"),
    ],
)
def test_invalid_json_ends_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_json(text.encode())
    assert str(caught.value) == message


def test_brackets_in_strings_are_not_counted() -> None:
    assert read_json(('{"a":"' + '[{\\"' * 40 + '"}').encode()) == {"a": '[{"' * 40}
