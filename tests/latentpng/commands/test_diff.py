"""`latentpng diff` compares two pictures: ancestor, settings, noise and pixels."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.cli import main
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.replay import ancestor_noise, record_of, replay
from latentpng.png.files import write_picture
from latentpng.png.scanlines import Strips
from latentpng.record import Json, Lineage, Round, SeedRoot, TensorRoot
from latentpng.reports.diff import angle, common_ancestor, pixel_difference
from tests.support.latentpng.folders import with_settings
from tests.support.latentpng.lineages import Chain, chains, digest_of, front_of
from tests.support.latentpng.pictures import RGB, SIDE, seeded_record

FIRST, SECOND = Round(seed=3, scale=0.5, of=4, marks=(2,)), Round(seed=4, scale=0.25, region="01/11")
OTHER = Round(seed=5, scale=1.0, settings={"steps": 8})
BRIGHTER = bytes([min(255, value + value % 3) for value in RGB])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a parent and its two children."""
    settings: dict[str, Json] = {"prompt": "a \x1bdog", "steps": 4, "model": {"name": "b", "hash": "1"}, "eta": True}
    write_picture(tmp_path / "parent.png", SIDE, SIDE, RGB, seeded_record((FIRST,)))
    left = with_settings(
        seeded_record((FIRST, SECOND)), {"prompt": "a cat", "model": {"name": "a", "hash": "1"}, "eta": 1}
    )
    write_picture(tmp_path / "a.png", SIDE, SIDE, RGB, left)
    write_picture(tmp_path / "b.png", SIDE, SIDE, BRIGHTER, with_settings(seeded_record((FIRST, OTHER)), settings))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plain_angle(left: list[float], right: list[float]) -> tuple[float, float]:
    """Return the cosine and the angle in degrees, by the textbook formula."""
    dot = math.fsum(a * b for a, b in zip(left, right, strict=True))
    lengths = math.sqrt(math.fsum(a * a for a in left)) * math.sqrt(math.fsum(b * b for b in right))
    return dot / lengths, math.degrees(math.acos(max(-1.0, min(1.0, dot / lengths))))


def noises_of(*names: str) -> list[list[float]]:
    """Return the noises of pictures, as `extract` writes them."""
    noises = []
    for name in names:
        assert main(["extract", f"{name}.png", "-f", "-o", "x.npy"]) == 0
        noises.append([float(value) for value in np.load("x.npy").ravel()])
    return noises


@pytest.mark.usefixtures("folder")
def test_two_children_of_one_parent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "a.png", "b.png"]) == 0
    out, err = capsys.readouterr()
    cosine, degrees = plain_angle(*noises_of("a", "b"))
    mean = sum(abs(a - b) for a, b in zip(RGB, BRIGHTER, strict=True)) / len(RGB)
    assert err == ""
    assert out.splitlines() == [
        "ancestor         round 1 of both",
        "first            a.png, 1 round of its own",
        "  round 2        seed 4, candidate 0 (region of 75%) of 1, scale 0.25",
        "second           b.png, 1 round of its own",
        "  round 2        seed 5, candidate 0 of 1, scale 1, steps: 8",
        "eta              1 -> true",
        "model.name       a -> b",
        "prompt           a cat -> a dog",
        "steps            (none) -> 4",
        f"noise            cosine {cosine:.6f}, angle {degrees:.3f} degrees",
        f"pixels           largest difference 2 of 255, mean {mean:.4f}",
    ]


@pytest.mark.usefixtures("folder")
def test_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--json", "a.png", "b.png"]) == 0
    found = json.loads(capsys.readouterr().out)
    cosine, degrees = plain_angle(*noises_of("a", "b"))
    noise, pixels = found.pop("noise"), found.pop("pixels")
    assert noise["cosine"] == pytest.approx(cosine, abs=1e-12)
    assert noise["degrees"] == pytest.approx(degrees, abs=1e-9)
    assert pixels["largest"] == 2
    assert pixels["mean"] == sum(abs(a - b) for a, b in zip(RGB, BRIGHTER, strict=True)) / len(RGB)
    assert found == {
        "files": ["a.png", "b.png"],
        "ancestor": [1, 1],
        "rounds": [
            [{"marks": [0], "of": 1, "region": "01/11", "scale": 0.25, "seed": "4"}],
            [{"marks": [0], "of": 1, "scale": 1.0, "seed": "5", "settings": {"steps": 8}}],
        ],
        "step_ends": [[1, 2], [1, 2]],
        "settings": {
            "eta": {"left": 1, "right": True},
            "model.name": {"left": "a", "right": "b"},
            "prompt": {"left": "a cat", "right": "a \x1bdog"},
            "steps": {"right": 4},
        },
    }


@pytest.mark.parametrize(
    ("left", "right", "ancestor"),
    [
        ("parent", "a", "parent.png itself"),
        ("b", "parent", "parent.png itself"),
        ("a", "a", "both: they start from the same noise"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_picture_may_be_the_ancestor(
    capsys: pytest.CaptureFixture[str],
    left: str,
    right: str,
    ancestor: str,
) -> None:
    assert main(["diff", f"{left}.png", f"{right}.png"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"ancestor         {ancestor}"


@pytest.mark.usefixtures("folder")
def test_the_same_picture_differs_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "a.png", "a.png"]) == 0
    assert capsys.readouterr().out.splitlines()[3:] == [
        "settings         the same",
        "noise            cosine 1.000000, angle 0.000 degrees",
        "pixels           largest difference 0 of 255, mean 0.0000",
    ]


def test_unrelated_pictures_of_different_shapes_and_sizes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lineage = Lineage(root=SeedRoot(seed=8))
    small = record_of(lineage, replay(lineage, (2, 4, 4), "CHW"), axes="CHW")
    write_picture(folder / "c.png", SIDE // 2, SIDE, RGB[: len(RGB) // 2], small)
    assert main(["diff", "parent.png", "c.png"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ancestor         none: the pictures come from different roots",
        "first            parent.png, 1 round of its own",
        "  round 1        seed 3, candidate 2 of 4, scale 0.5",
        "second           c.png, 0 rounds of its own",
        "prompt           a cat -> (none)",
        "steps            4 -> (none)",
        "noise            the shapes differ: 2 x 8 x 8 and 2 x 4 x 4",
        "pixels           the sizes differ: 8 x 8 and 4 x 8",
    ]
    assert main(["diff", "--json", "parent.png", "c.png"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ancestor"], found["noise"], found["pixels"]) == (None, None, None)


def test_noise_of_zeros_has_no_direction(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lineage = Lineage(root=TensorRoot())
    zeros = np.zeros((2, 8, 8), np.float16)
    write_picture(folder / "z.png", SIDE, SIDE, RGB, record_of(lineage, zeros, axes="CHW", root_tensor=zeros))
    assert main(["diff", "parent.png", "z.png"]) == 0
    assert "noise            no angle, because one side is all zeros" in capsys.readouterr().out.splitlines()


def test_imported_noise_knows_the_picture_it_came_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = ancestor_noise(seeded_record((FIRST, SECOND)), 2)
    lineage = Lineage(root=TensorRoot(), rounds=(OTHER, SECOND))
    imported = record_of(lineage, replay(lineage, noise.shape, "CHW", noise), axes="CHW", root_tensor=noise)
    write_picture(folder / "i.png", SIDE, SIDE, RGB, imported)
    assert main(["diff", "--json", "a.png", "i.png"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ancestor"], [len(rounds) for rounds in found["rounds"]]) == ([2, 0], [0, 2])


def test_long_lineages_show_their_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = tuple(Round(seed=seed, scale=0.5) for seed in range(20))
    write_picture(folder / "long.png", SIDE, SIDE, RGB, seeded_record(steps))
    assert main(["diff", "long.png", "long.png"]) == 0
    capsys.readouterr()
    write_picture(folder / "root.png", SIDE, SIDE, RGB, seeded_record())
    assert main(["diff", "root.png", "long.png"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[2:5] == [
        "second           long.png, 20 rounds of its own",
        "  round ...      8 earlier rounds",
        "  round 9        seed 8, candidate 0 of 1, scale 0.5",
    ]
    assert out[15] == "  round 20       seed 19, candidate 0 of 1, scale 0.5"


def test_files_that_cannot_be_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from latentpng.png.pixels import encode_pixels

    (folder / "plain.png").write_bytes(encode_pixels(SIDE, SIDE, RGB))
    assert main(["diff", "a.png", "plain.png"]) == 4
    assert capsys.readouterr() == ("", "latentpng: plain.png: it carries no latent\n")
    assert main(["diff", "no.png", "plain.png"]) == 3
    assert capsys.readouterr().err.splitlines() == [
        "latentpng: no.png: it cannot be read (No such file or directory)",
        "latentpng: plain.png: it carries no latent",
    ]
    assert main(["diff", ".", "a.png"]) == 3
    assert capsys.readouterr().err == "latentpng: .: it cannot be read (Is a directory)\n"
    assert main(["diff", "-", "-"]) == 2
    assert (
        capsys.readouterr().err
        == "latentpng: standard input can hold one picture only; name a file for the other one\n"
    )


@pytest.mark.usefixtures("folder")
def test_one_of_them_may_come_from_a_pipe(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("b.png").open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert main(["diff", "a.png", "-"]) == 0
    assert capsys.readouterr().out.splitlines()[3] == "second           standard input, 1 round of its own"


@given(chains, chains)
def test_the_nearest_ancestor_is_the_longest_shared_beginning(left: Chain, right: Chain) -> None:
    shared = 0
    while shared < min(len(left), len(right)) and left[shared] == right[shared]:
        shared += 1
    expected = (shared - 1, shared - 1) if shared else ()
    assert common_ancestor(front_of(left), front_of(right)) == expected


def test_equal_noise_reveals_ancestors_that_lineages_do_not() -> None:
    assert common_ancestor(front_of((7, 1)), front_of((0, 5, 6), "x", digest_of((7, 1)))) == (1, 0)
    assert common_ancestor(front_of((7, 1), "d"), front_of((8, 1, 2), "d")) == (1, 2)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(2, 50))
def test_the_angle_matches_the_textbook_formula(one: int, other: int, count: int) -> None:
    left, right = (gauss1(seed, 0, count).astype(np.float16) for seed in (one, other))
    cosine, degrees = plain_angle([float(value) for value in left], [float(value) for value in right])
    found = angle(left, right)
    assert found[0] == pytest.approx(cosine, abs=1e-12)
    assert found[1] == pytest.approx(degrees, abs=1e-5)


def test_the_angle_of_the_same_and_of_the_opposite() -> None:
    noise = gauss1(1, 0, 4096).astype(np.float16)
    assert list(angle(noise, noise)) == pytest.approx([1, 0], abs=1e-15)
    assert list(angle(noise, -noise)) == pytest.approx([-1, 180], abs=1e-15)
    nearly = noise.copy()
    nearly[0] = np.nextafter(nearly[0], np.float16(9))
    assert 0 < angle(noise, nearly)[1] < 0.01


def strips_of(values: bytes, *counts: int) -> Strips:
    """Return one column of grey values, in strips of these numbers of rows and one of the rest."""
    whole = np.frombuffer(values, np.uint8).reshape(-1, 1, 1)
    parts = [part for part in np.split(whole, np.cumsum(counts)) if len(part)]
    return Strips(1, len(values), 1, iter(parts))


@given(st.data(), st.integers(1, 40))
def test_pixels_differ_by_their_values_however_they_are_cut(data: st.DataObject, count: int) -> None:
    left, right = (data.draw(st.binary(min_size=count, max_size=count)) for _ in range(2))
    first, second = (data.draw(st.lists(st.integers(0, count), max_size=4)) for _ in range(2))
    apart = [abs(a - b) for a, b in zip(left, right, strict=True)]
    found = pixel_difference(strips_of(left, *first), strips_of(right, *second))
    assert found == (max(apart), sum(apart) / count)
