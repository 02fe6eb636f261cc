"""The golden files read as SPEC.md says: by latentpng and by independent readers in Python, JavaScript and C."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from latentpng.ancestors import settings_at
from latentpng.chunk.codec import Codec, encode_record
from latentpng.noise.perturbation import perturb
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import ancestor_noise, digest, initial_noise
from latentpng.png import files
from latentpng.png.chunks import build
from latentpng.png.files import read_picture, read_record
from latentpng.record import Json, LatentRecord
from latentpng.reports.show import inspect_file
from latentpng.reports.verify import verify_file
from latentpng.steps import step_ends
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import SIDE
from tests.vectors import make

VECTORS = Path(make.__file__).parent
ROW = re.compile(r"^\| `([a-z-]+)\.png` \|.*\| `([0-9a-f]{64})` \| `([0-9a-f]{64})` \|$", re.MULTILINE)
EXPECTED = ROW.findall((Path(files.__file__).parents[1] / "SPEC.md").read_text())
RECORDS = {
    "seeded": make.seeded,
    "tensor": make.tensor,
    "recipe": make.recipe,
    "raw": make.raw,
    "height-first": make.height_first,
    "sequence": make.sequence,
    "prompt": make.prompt,
    "edit": make.edit,
    "patchwork": make.patchwork,
    "large": make.large,
    "twin": make.seeded,
}

PLAIN = ("raw", "recipe", "twin", "prompt", "edit", "patchwork", "large")  # what a reader without zstd reads as it is
SPLIT = ("seeded", "tensor", "height-first", "sequence")
FOR_EVER = {
    "edit": "bc4adfe449116e4950962ff50c154297b25dbbf33ce3fabcf627f263fe3a14f0",
    "height-first": "c0e20abca6866f67affb14fc1a404857f46fee32ecdb5987130ca4f3de806c9d",
    "large": "4d1c4df0ab607347eb0deb9f66a31329db4a550759923ed9ea21ab8cfa44534d",
    "patchwork": "2710f09c5202ee037cf4014f0cc8af5f493ca3799c1312a223868ef60fb3bfbc",
    "prompt": "1d80bc9997fdf7ff9760d4429009252bbacbd5263762cd87d7ae877e7c03dddb",
    "raw": "626cdc8f0396e5c2b15c693bf24ef1a53fb0adf866c5166a515fc04129a87746",
    "recipe": "ac0f4031fffd6469f6c17b6fce6e1161e4a78bcca64d15455b90942b566fec72",
    "seeded": "a24da4831ff8d41beef3252587f817a5e04479e482dbe2774ed974f716966631",
    "sequence": "823995e19c9a3671ee58f0b6021a36d628ab3a30424208778d2e7f99c222f2ac",
    "stripped": "69536e4edd5955f984317bf9292aa6d247e45581627150c0ab4344f2b6611c1a",
    "tensor": "cd134110cefc8c34f4f15200a5a2235ecc025f1a2304e486b2735fab9ce253a3",
    "twin": "bca58747ed17ad5fbc8a44b8a0dee2a208724b6c6508c1f20644eb06e105d8af",
}


def test_the_specification_names_every_file() -> None:
    assert {name for name, _, _ in EXPECTED} | {"stripped"} == {path.stem for path in VECTORS.glob("*.png")}


def test_no_golden_file_ever_changes() -> None:
    assert {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in VECTORS.glob("*.png")} == FOR_EVER
    assert {name for name, _, _ in EXPECTED} == {*PLAIN, *SPLIT}


@pytest.mark.parametrize(("name", "stored", "node"), EXPECTED)
def test_golden_files_read_as_the_specification_says(name: str, stored: str, node: str) -> None:
    record = read_record(VECTORS / f"{name}.png")
    assert (digest(record.tensor), digest(initial_noise(record)), record.node) == (stored, node, node)
    assert verify_file(VECTORS / f"{name}.png").problem == ""
    assert _same(record, RECORDS[name]())


@pytest.mark.parametrize("name", [name for name, _, _ in EXPECTED if name != "large"])  # minutes in plain Python
def test_the_independent_reader_agrees_on_every_ancestor(name: str) -> None:
    latent = independent.read(VECTORS / f"{name}.png")
    record = read_record(VECTORS / f"{name}.png")
    assert len(latent.after_rounds) == len(record.lineage.rounds) + 1
    for number, state in enumerate(latent.after_rounds):
        assert independent.sha256(state) == digest(ancestor_noise(record, number))
    if latent.stored is not None:
        assert independent.sha256(latent.stored) == latent.digest == digest(record.tensor)


def test_the_prompt_is_moved_as_the_specification_says() -> None:
    law = (Path(files.__file__).parents[1] / "SPEC.md").read_text()
    told = re.findall(r"embedding (\d+), (\d+) values:\n`([0-9a-f]{64})`", law)
    record, latent = read_record(VECTORS / "prompt.png"), independent.read(VECTORS / "prompt.png")
    assert [(embedding, count) for embedding, count, _ in told] == [("0", "15"), ("1", "7")]
    for embedding, count, expected in told:
        again = independent.prompt_offset(latent.metadata["rounds"], int(embedding), int(count))
        assert independent.sha256(again) == expected
        assert digest(prompt_offset(record.lineage, int(embedding), int(count))) == expected


def test_the_rounds_of_a_pick_by_region_give_the_patchwork_of_its_candidates() -> None:
    record = read_record(VECTORS / "patchwork.png")
    ends = (0, *step_ends(record.lineage))
    assert ends == (0, 3, 5)
    for begin, end in pairwise(ends):
        parent = ancestor_noise(record, begin)
        expected = parent.copy()
        for round_ in record.lineage.rounds[begin:end]:
            rows = np.array([list(row) for row in round_.region.split("/")]) == "1"
            at = [np.arange(16) * count // 16 for count in rows.shape]
            candidate = perturb(parent, dataclasses.replace(round_, region=""), record.axes)
            expected = np.where(rows[np.ix_(*at)], candidate, expected)
        assert np.array_equal(expected, ancestor_noise(record, end))


def test_only_edits_large_noise_and_what_moves_the_prompt_need_a_minor_version() -> None:
    minors = {"prompt": b"\1\1\0", "large": b"\1\2\1", "edit": b"\1\3\0"}
    for path in sorted(VECTORS.glob("*.png")):
        latent = dict(independent.png_chunks(path.read_bytes())).get(b"laTn")
        if latent is not None:
            assert latent[4:7] == minors.get(path.stem, b"\1\0\0")
    assert inspect_file(VECTORS / "prompt.png").version == (1, 1)
    assert read_twin(VECTORS / "prompt.png")["version"] == [1, 1]
    assert inspect_file(VECTORS / "large.png").version == (1, 2)
    assert read_twin(VECTORS / "large.png")["version"] == [1, 2]
    assert inspect_file(VECTORS / "edit.png").version == (1, 3)
    assert read_twin(VECTORS / "edit.png")["version"] == [1, 3]


def test_the_independent_reader_agrees_on_the_settings_of_every_ancestor() -> None:
    record, latent = read_record(VECTORS / "edit.png"), independent.read(VECTORS / "edit.png")
    found = [settings_at(record, rounds) for rounds in range(5)]
    assert found == [independent.settings_at(latent.metadata, rounds) for rounds in range(5)]
    changed = [(entry["prompt"], entry["guidance"], entry.get("clip_skip")) for entry in found]
    here = make.SETTINGS["prompt"]
    assert changed == [("a harbour", 7.5, None)] * 2 + [(here, 2.0, 2)] * 2 + [(here, 2.0, None)]


def test_javascript_agrees(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    _check_reader([node, str(Path(independent.__file__).with_suffix(".mjs"))], tmp_path)


def test_c_agrees(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("cc is not installed")
    source, program = Path(independent.__file__).with_suffix(".c"), tmp_path / "independent"
    options = ["-std=c99", "-O2", "-ffp-contract=off", "-o", str(program)]
    subprocess.run([compiler, *options, source, "-lm"], timeout=60, check=True)
    _check_reader([str(program)], tmp_path)


def _check_reader(command: list[str], folder: Path) -> None:
    """Check that a reader in another language decodes the stored noise and replays every lineage."""
    raw = [_stored_raw(VECTORS / f"{name}.png", folder / f"{name}.png") for name in SPLIT]  # for want of zstd
    paths = [*(VECTORS / f"{name}.png" for name in PLAIN), *raw]
    ran = subprocess.run([*command, *paths], capture_output=True, text=True, timeout=60, check=True)
    expected = {name: [node, node, stored, stored] for name, stored, node in EXPECTED}
    assert [line.split() for line in ran.stdout.splitlines()] == [expected[name] for name in (*PLAIN, *SPLIT)]


def test_all_files_have_the_same_pixels() -> None:
    for path in VECTORS.glob("*.png"):
        assert read_picture(path) == (make.SIDE, make.SIDE, make.picture())
    assert SIDE != make.SIDE


def test_the_metadata_bytes_are_canonical() -> None:
    for name in ("seeded", "tensor", "prompt", "edit"):
        chunks = dict(independent.png_chunks((VECTORS / f"{name}.png").read_bytes()))
        codec = Codec(chunks[b"laTn"][16])
        length = int.from_bytes(chunks[b"laTn"][8:12], "little")
        assert encode_record(RECORDS[name](), codec)[: 72 + length] == chunks[b"laTn"][: 72 + length]


def test_stripped_is_seeded_without_our_chunks() -> None:
    ours = {b"laTn", b"tEXt", b"iTXt"}
    seeded = independent.png_chunks((VECTORS / "seeded.png").read_bytes())
    rest = b"".join(build(kind, data) for kind, data in seeded if kind not in ours)
    assert (VECTORS / "stripped.png").read_bytes() == b"\x89PNG\r\n\x1a\n" + rest


def _same(record: LatentRecord, expected: LatentRecord) -> bool:
    return dataclasses.replace(record, tensor=expected.tensor) == expected and digest(record.tensor) == digest(
        expected.tensor
    )


def read_twin(path: Path) -> dict[str, Json]:
    """Return the JSON object of a file's twin."""
    texts = [data for kind, data in independent.png_chunks(path.read_bytes()) if kind == b"tEXt"]
    text = next(data for data in texts if data.startswith(b"latentpng\0"))
    entries: dict[str, Json] = json.loads(text.partition(b"\0")[2])
    return entries


def _stored_raw(source: Path, target: Path) -> Path:
    raw = encode_record(read_record(source), Codec.RAW)
    parts = [
        build(kind, raw if kind == b"laTn" else data) for kind, data in independent.png_chunks(source.read_bytes())
    ]
    target.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return target
