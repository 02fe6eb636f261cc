"""`warmer render --check --confirm`: an imported picture loses its mark when a rendering confirms its noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.fake_pictures import paint
from engine.models.resolve import EMBEDDED, resolve_model
from engine.options import Options
from engine.target import target_for_record
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import read_picture, read_record, write_picture
from latentpng.record import Json, LatentRecord, Lineage, SeedRoot, TensorRoot
from tests.support.tui.scripting import warmer

SHAPE = (4, 16, 16)
SIDE = 64
SOURCE: dict[str, Json] = {"tool": "a1111", "recipe": "a1111", "seed": "1234"}
NOISE = replay(Lineage(root=SeedRoot(seed=1234)), SHAPE, "CHW")


def imported(path: Path, *, off_by: int = 0, noise_seed: int = 1234, **settings: Json) -> LatentRecord:
    """Write what `latentpng import` makes of a picture; its pixels differ by `off_by` from what its noise gives."""
    truth = replay(Lineage(root=SeedRoot(seed=noise_seed)), SHAPE, "CHW")
    pixels = np.frombuffer(paint(truth, "CHW", SIDE, SIDE).rgb, np.uint8).astype(int)
    rgb = np.clip(pixels + off_by, 0, 255).astype(np.uint8).tobytes()
    record = record_of(
        Lineage(root=TensorRoot(source={**SOURCE, "unverified": True})),
        NOISE,
        axes="CHW",
        root_tensor=NOISE,
        settings={
            "prompt": "a cat",
            "steps": 20,
            "scheduler": {"name": "Euler a", "schedule": "Karras"},
            "model": {"name": "sd15", "hash": "6ce0161689"},
            "width": SIDE,
            "height": SIDE,
            **settings,
        },
    )
    write_picture(path, SIDE, SIDE, rgb, record)
    return read_record(path)


def pixel_chunks(path: Path) -> bytes:
    """Return the bytes of a file from its first IDAT on."""
    data = path.read_bytes()
    return data[data.index(b"IDAT") - 4 :]


def mean_of(path: Path, seed: int) -> float:
    """Return the mean difference of a file from the fake renderer's picture of a seed."""
    made = paint(replay(Lineage(root=SeedRoot(seed=seed)), SHAPE, "CHW"), "CHW", SIDE, SIDE).rgb
    file = read_picture(path)[2]
    return sum(abs(one - other) for one, other in zip(file, made, strict=True)) / len(made)


def test_a_close_picture_loses_its_mark_and_no_pixel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    before = imported(path, off_by=2)
    pixels, other = pixel_chunks(path), mean_of(path, int(before.node[:16], 16))
    assert warmer("render", path, "--check", "--confirm", "--model", EMBEDDED) == 0
    assert capsys.readouterr().out == (
        f"{path}: confirmed: differs by at most 2 of 255, 2.0000 on average "
        f"({other:.4f} from a picture of unrelated noise)\n"
    )
    after = read_record(path)
    assert after.lineage == Lineage(root=TensorRoot(source=SOURCE))
    assert (after.node, after.pixels, after.software) == (before.node, before.pixels, before.software)
    assert pixel_chunks(path) == pixels
    confirmed = after.settings["confirmed"]
    assert {**before.settings, "confirmed": confirmed} == after.settings
    assert confirmed == {
        "largest": 2,
        "mean": 2.0,
        "other": pytest.approx(other),
        "model": confirmed["model"],  # type: ignore[index,call-overload]
        "scheduler": {
            "name": "EulerAncestralDiscreteScheduler",
            "options": {"schedule": "karras", "timestep_spacing": "linspace"},
        },
        "dtype": "float32",
        "software": {"device": "fake"},
    }
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_a_confirmed_picture_finds_its_model_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    imported(path, off_by=1)
    warmer("render", path, "--check", "--confirm", "--model", EMBEDDED)
    renderer = FakeRenderer()
    assert warmer("render", path, "--check", renderer=renderer) == 8
    assert renderer.loads[0].model == resolve_model("")


@pytest.mark.parametrize("changes", [{"noise_seed": 99}, {"off_by": 5}])
def test_a_different_picture_stays_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, int]
) -> None:
    path = tmp_path / "a.png"
    record = imported(path, **changes)
    before, other = path.read_bytes(), mean_of(path, int(record.node[:16], 16))
    made, file = paint(NOISE, "CHW", SIDE, SIDE).rgb, read_picture(path)[2]
    apart = [abs(one - two) for one, two in zip(made, file, strict=True)]
    assert warmer("render", path, "--check", "--confirm", "--model", EMBEDDED) == 8
    assert capsys.readouterr().out == (
        f"{path}: not confirmed: differs by at most {max(apart)} of 255, "
        f"{sum(apart) / len(apart):.4f} on average ({other:.4f} from a picture of unrelated noise); "
        "the average may be at most 4, and 25% of that from unrelated noise; "
        "this sampler also draws noise at every step, which no file records; the file is unchanged\n"
    )
    assert path.read_bytes() == before


def test_a_picture_that_any_noise_gives_confirms_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.fake_pictures.paint", lambda noise, axes, w, h: paint(noise, axes, w, h, strength=0.0))
    path = tmp_path / "grey.png"
    write_picture(path, SIDE, SIDE, bytes([129]) * (3 * SIDE * SIDE), imported(path))
    before = path.read_bytes()
    assert warmer("render", path, "--check", "--confirm", "--model", EMBEDDED, "--json") == 8
    line = json.loads(capsys.readouterr().out)
    assert (line["mean"], line["other"], line["confirmed"], line["exit_code"]) == (1.0, 1.0, False, 8)
    assert path.read_bytes() == before


def test_without_confirm_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    imported(path)
    before = path.read_bytes()
    assert warmer("render", path, "--check", "--model", EMBEDDED, "--json") == 0
    assert "confirmed" not in json.loads(capsys.readouterr().out)
    assert path.read_bytes() == before


def test_only_the_imported_picture_itself_confirms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, own, again = tmp_path / "a.png", tmp_path / "own.png", tmp_path / "again.png"
    imported(path)
    warmer("new", "--prompt", "p", "--seed", 1, "--out", own)
    warmer("render", path, "--out", again, "--model", EMBEDDED)
    capsys.readouterr()
    assert warmer("render", own, again, "--check", "--confirm", "--model", EMBEDDED) == 2
    assert capsys.readouterr().out.splitlines() == [
        f"{own}: its noise is not marked as unverified, so there is nothing to confirm",
        f"{again}: it was rendered from that noise; only the imported picture can confirm it",
    ]


def test_a_file_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    imported(path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("latentpng.png.atomic.os.fsync", fail)
    assert warmer("render", path, "--check", "--confirm", "--model", EMBEDDED) == 9
    assert capsys.readouterr().out == f"{path}: it cannot be written (No space left on device)\n"
    assert path.read_bytes() == before


def test_confirm_needs_check(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"^--confirm needs --check: it records what the comparison found$"):
        warmer("render", tmp_path / "a.png", "--confirm")


def test_a_sampler_that_is_not_known_can_be_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    imported(path, scheduler={"name": "restart"})
    assert warmer("render", path, "--check", "--model", EMBEDDED) == 2
    assert capsys.readouterr().out == (
        f"{path}: the sampler 'restart' has no counterpart in diffusers; the nearest is 'Heun': "
        "choose one with --scheduler\n"
    )
    renderer = FakeRenderer()
    assert warmer("render", path, "--check", "--model", EMBEDDED, "--scheduler", "Heun", renderer=renderer) == 0
    assert renderer.jobs[0].settings.scheduler.name == "HeunDiscreteScheduler"


def test_an_imported_picture_opens_with_its_sampler(tmp_path: Path) -> None:
    record = imported(tmp_path / "a.png")
    target = target_for_record(Options(model=EMBEDDED), record)
    assert target.settings.scheduler.name == "EulerAncestralDiscreteScheduler"
    assert target.settings.scheduler.options == {"schedule": "karras", "timestep_spacing": "linspace"}


def test_what_a_picture_needs_besides_is_named_when_it_is_not_confirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.png"
    model: Json = {"name": "sd15", "loras": [{"name": "ink", "weight": 0.8}], "vae": {"name": "mse"}}
    imported(path, off_by=9, model=model, clip_skip=2, passes=[{"kind": "hires", "Hires upscale": "2"}])
    assert warmer("render", path, "--check", "--confirm", "--model", EMBEDDED) == 8
    assert (
        "; LoRA ink is not on this machine, VAE mse is not on this machine, the hires pass is not rendered; "
        "the file is unchanged\n"
    ) in capsys.readouterr().out
    assert warmer("render", path, "--check", "--model", EMBEDDED, "--lora", "none", "--vae", "none") == 8
    assert "; the hires pass is not rendered\n" in capsys.readouterr().out


def test_a_picture_that_a_later_pass_enlarged_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    imported(path, width=SIDE // 2, height=SIDE // 2, passes=[{"kind": "hires"}])
    assert warmer("render", path, "--check", "--confirm", "--model", EMBEDDED) == 8
    assert capsys.readouterr().out == (
        f"{path}: it has 64x64 pixels, rendering gives 32x32 (the hires pass is not rendered)\n"
    )


def test_varying_an_import_says_what_is_not_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.png"
    imported(path, model={"name": "sd15", "loras": [{"name": "ink"}]})
    assert warmer("vary", path, "--count", "2", "--out", tmp_path / "b", "--model", EMBEDDED) == 0
    assert "this picture needs more than is done here: LoRA ink is not on this machine" in capsys.readouterr().err
