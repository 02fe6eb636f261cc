"""The format for programs: the few names that `import latentpng` gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import latentpng
from latentpng.errors import InvalidValueError, NoLatentError
from tests.support.latentpng.pictures import RGB, SIDE

PIXELS = np.frombuffer(RGB, np.uint8).reshape(SIDE, SIDE, 3)
ROUND = latentpng.Round(seed=5, scale=0.4, of=8, marks=(2,))
FAMILY = latentpng.Lineage(root=latentpng.SeedRoot(seed=7), rounds=(ROUND,))


def test_what_is_written_is_read_replayed_and_verified(tmp_path: Path) -> None:
    record = latentpng.new_record(FAMILY, (4, 16, 16), settings={"prompt": "a lake"})
    latentpng.write(tmp_path / "a.png", PIXELS, record)
    found = latentpng.read(tmp_path / "a.png")
    assert (found.lineage, found.settings, found.axes) == (FAMILY, {"prompt": "a lake"}, "CHW")
    assert latentpng.replay(found).tobytes() == record.tensor.tobytes()
    root = latentpng.new_record(FAMILY.ancestor(0), (4, 16, 16)).tensor
    assert latentpng.replay(found, rounds=0).tobytes() == root.tobytes()
    report = latentpng.verify(tmp_path / "a.png")
    assert report.line == f"{tmp_path / 'a.png'}: good (noise of 4 x 16 x 16, lineage of 1 round, pixels)"


def test_noise_from_elsewhere_is_stored_and_varied(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal((6, 4)).astype(np.float16)
    family = latentpng.Lineage(root=latentpng.TensorRoot(source={"tool": "mine"}), rounds=(ROUND,))
    record = latentpng.new_record(family, (6, 4), root_tensor=noise)
    latentpng.write(tmp_path / "a.png", PIXELS, record)
    found = latentpng.read(tmp_path / "a.png")
    assert latentpng.replay(found, rounds=0).tobytes() == noise.tobytes()
    assert latentpng.replay(found).tobytes() != noise.tobytes()


@pytest.mark.parametrize(
    ("pixels", "found"),
    [
        (np.zeros((4, 4), np.uint8), "[4, 4] uint8"),
        (np.zeros((4, 4, 4), np.uint8), "[4, 4, 4] uint8"),
        (np.zeros((4, 4, 3)), "[4, 4, 3] float64"),
    ],
)
def test_pixels_of_a_wrong_shape_or_dtype_are_refused(tmp_path: Path, pixels: np.ndarray, found: str) -> None:
    with pytest.raises(InvalidValueError) as error:
        latentpng.write(tmp_path / "a.png", pixels, latentpng.new_record(FAMILY, (2, 4, 4)))
    assert str(error.value) == f"pixels are (height, width, 3) uint8, found {found}"
    assert list(tmp_path.iterdir()) == []


def test_a_record_keeps_the_rules_of_the_format() -> None:
    with pytest.raises(InvalidValueError, match=r"^1 to 4 dimensions needed, found 0$"):
        latentpng.new_record(FAMILY, ())
    with pytest.raises(InvalidValueError, match=r"^a seeded root has no root tensor, found one$"):
        latentpng.new_record(FAMILY, (2, 4, 4), root_tensor=np.zeros((2, 4, 4), np.float16))


def test_errors_are_latentpng_errors_and_verify_raises_none(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(latentpng.LatentPngError):
        latentpng.read(tmp_path / "a.png")
    assert latentpng.verify(tmp_path / "a.png").exit_code == 3
    assert issubclass(NoLatentError, latentpng.LatentPngError)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'latentpng' has no attribute 'nothing'$"):
        latentpng.nothing  # noqa: B018 - the attribute is the test


def test_the_names_cost_nothing_until_they_are_used() -> None:
    code = "import sys, latentpng; print(sorted({'numpy', 'PIL', 'zstandard'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"
    for name in latentpng.__all__:
        assert getattr(latentpng, name).__name__ == name
