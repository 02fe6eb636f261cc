"""All readers on hostile files: what `make attack` does at length."""

from __future__ import annotations

import zlib
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentpng.chunk.header import Front
from latentpng.chunk.validate import RESERVED
from latentpng.errors import DamagedLatentError, LatentPngError
from latentpng.png.chunks import SIGNATURE
from latentpng.reports.show import inspect_file
from tests.campaigns.files.mutations import mutated, parts_of
from tests.campaigns.files.readers import LEFT_OUT, ContradictionError, examine
from tests.campaigns.files.seeds import seeds
from tests.support.latentpng.files import png_of, with_metadata
from tests.support.latentpng.pictures import chunk_data, seeded_record

SEEDS = seeds()
RECORD = seeded_record()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a hostile file may be put."""
    return tmp_path / "a.png"


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_every_seed_is_a_good_file(path: Path, number: int) -> None:
    path.write_bytes(SEEDS[number])
    rules = {name: outcome.rule for name, outcome in examine(path, RECORD).items()}
    is_png = SEEDS[number].startswith(SIGNATURE)
    assert rules["inspect"] in (("good", "it carries no latent") if is_png else ("it is not a PNG",))
    assert rules["foreign"] == "good"
    assert (rules["embed"], rules["strip"]) == (("good" if is_png else "it is not a PNG"),) * 2
    assert rules["picture"] == ("good" if is_png else LEFT_OUT)


@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.randoms(use_true_random=False))
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_mutation_gives_only_our_errors(tmp_path: Path, data: bytes, other: bytes, random: Random) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(mutated(data, other, random))
    examine(path, RECORD)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_behind_a_signature_give_only_our_errors(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(SIGNATURE + data)
    assert "good" not in {outcome.rule for outcome in examine(path, RECORD).values()}


def test_a_contradiction_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(_: Path) -> None:
        raise LatentPngError("no file is named")

    path.write_bytes(SEEDS[0])
    wrong = Front(version=(1, 0), chunk_bytes=0)
    monkeypatch.setattr("tests.campaigns.files.readers.inspect_file", lambda _: wrong)
    with pytest.raises(ContradictionError, match=r"^latentpng: Front\(version=\(1, 0\), .*, plain reader: PlainFront"):
        examine(path, RECORD)
    monkeypatch.setattr("tests.campaigns.files.readers.inspect_file", other)
    with pytest.raises(LatentPngError, match=r"^no file is named$"):
        examine(path, RECORD)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"noise":"gauss1"', b'"noise":["gauss1"]', "noise is a text, found ['gauss1']"),
        (b'"base":1', b'"base":1,"pixels":null', "pixels is a text, found None"),
        (
            b'"base":1,"node"',
            b'"base":-1,"node"',
            "base is 1 for this root and its rounds, found -1",
        ),
        (
            b'"root":{"seed":"7"}',
            b'"root":{"seed":7}',
            "root: a seed is a decimal string from 0 to 2^64 - 1, found 7",
        ),
    ],
)
def test_what_the_walk_found_stays_mended(path: Path, old: bytes, new: bytes, message: str) -> None:
    """Metadata that was taken for ordinary, and broke a rule where it was looked at again."""
    data = chunk_data()
    metadata = data[72 : 72 + int.from_bytes(data[8:12], "little")]
    assert old in metadata
    for changed in (metadata.replace(old, new), metadata.replace(old, new).replace(b'"base":1', b'"base":-1')):
        path.write_bytes(png_of((b"laTn", with_metadata(data, changed))))
        assert examine(path, RECORD)["inspect"].rule != "good"
    path.write_bytes(png_of((b"laTn", with_metadata(data, metadata.replace(old, new)))))
    with pytest.raises(DamagedLatentError) as caught:
        inspect_file(path)
    assert str(caught.value) == f"{path}: latent chunk at byte 33: {message}"


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_no_file_speaks_for_inspect_whatever_its_noise(path: Path, key: str) -> None:
    """`inspect --json` would have said the key twice, and parsers would have believed the file."""
    data = chunk_data()
    metadata = data[72 : 72 + int.from_bytes(data[8:12], "little")]
    newer = metadata.replace(b'"noise":"gauss1"', b'"noise":"gauss2"')
    path.write_bytes(png_of((b"laTn", with_metadata(data, newer))))
    assert inspect_file(path).newer == "only the noise generator 'gauss1' is supported, found 'gauss2'"
    for known in (newer, metadata):
        path.write_bytes(png_of((b"laTn", with_metadata(data, b'{"%s":1,' % key.encode() + known[1:]))))
        with pytest.raises(DamagedLatentError) as caught:
            inspect_file(path)
        assert str(caught.value) == f"{path}: latent chunk at byte 33: {key!r} is not allowed as a key of the metadata"


@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_the_same_random_gives_the_same_mutation(data: bytes, seed: int) -> None:
    assert mutated(data, SEEDS[0], Random(seed)) == mutated(data, SEEDS[0], Random(seed))


def test_most_mutations_keep_their_checksums() -> None:
    random, whole = Random(1), 0
    for _ in range(300):
        parts = parts_of(mutated(random.choice(SEEDS), SEEDS[0], random))
        whole += all(
            int.from_bytes(part.whole[-4:], "big") == zlib.crc32(part.kind + part.data) for part in parts if part.kind
        )
    assert whole > 200
