"""Training: every stage runs with the plan "tiny" and continues after a stop; the result is a plain pipeline."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from engine.embedded.training import train
from engine.embedded.training.autoencoder import as_tensor, encode, whiten
from engine.embedded.training.data import objects, pictures, render_pictures
from engine.embedded.training.decoder import adversarial_loss, critic_loss, new_critic
from engine.embedded.training.loop import Budget, Loop, Recipe
from engine.embedded.training.new_autoencoder import new_autoencoder
from engine.embedded.training.ranks import Rank, run_ranks
from engine.embedded.training.scenes.picture import draw_scene
from engine.embedded.training.scenes.scene import sample_scene
from engine.embedded.training.unet import new_scheduler

pytestmark = pytest.mark.slow  # how the model was made: nothing at run time uses it

ALONE = Rank(index=0, world=1, device=torch.device("cpu"))
RECIPE = Recipe(rate=0.01, budget=Budget(steps=12), batch=4, ema=0.5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of all stages by the command."""
    folder = tmp_path_factory.mktemp("run")
    program = [sys.executable, "-m", "engine.embedded.training.train", "--plan", "tiny", "--processes", "1"]
    subprocess.run([*program, "--folder", str(folder)], check=True, capture_output=True)
    return folder


def test_the_command_writes_a_pipeline_that_plain_diffusers_loads_without_notices(run: Path) -> None:
    program = (
        "import sys, torch\n"
        "from diffusers import DiffusionPipeline\n"
        "pipe = DiffusionPipeline.from_pretrained(sys.argv[1], torch_dtype=torch.float32)\n"
        "pipe.set_progress_bar_config(disable=True)\n"
        "image = pipe('a lake', num_inference_steps=2, generator=torch.Generator().manual_seed(1)).images[0]\n"
        "print(type(pipe).__name__, image.size)\n"
    )
    command = [sys.executable, "-c", program, str(run / "model")]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    assert found.stdout == "StableDiffusionPipeline (128, 128)\n"
    for word in ("not used", "newly initialized", "unexpected", "missing"):
        assert word not in found.stderr.lower()


def test_the_pipeline_loads_in_transformers_4_and_contains_no_paths(run: Path) -> None:
    assert {"vocab.json", "merges.txt"} <= {path.name for path in (run / "model" / "tokenizer").iterdir()}
    header = (run / "model" / "text_encoder" / "model.safetensors").read_bytes()[:20_000]
    assert b'"text_model.embeddings.token_embedding.weight"' in header
    for path in (run / "model").rglob("*.json"):
        assert str(run) not in path.read_text(), path


def test_the_defaults_are_written_with_the_pipeline(run: Path) -> None:
    carried = json.loads((run / "model" / "warmer.json").read_text())
    assert (carried["width"], carried["height"], carried["scheduler"]) == (128, 128, "UniPC")
    assert (carried["steps"], carried["other_steps"]) == (6, 12)
    assert np.shape(carried["preview"]) == (5, 3)
    assert len(carried["prompts"]) >= 6


def test_a_stage_that_is_done_is_skipped(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "vae" / "config.json").stat().st_mtime_ns
    assert train.main(["autoencoder", "--plan", "tiny", "--folder", str(run)]) == 0
    assert (run / "vae" / "config.json").stat().st_mtime_ns == before
    result = run / "vae" / "config.json"
    assert f"autoencoder: already done; delete {result} to run it again" in capsys.readouterr().err


def test_a_start_that_is_no_pipeline_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["--start", str(tmp_path), "--folder", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: this is not a pipeline folder, it has no model_index.json\n"
    assert not (tmp_path / "run").exists()


def test_pictures_are_those_of_their_seeds(run: Path) -> None:
    drawn, covered = pictures(run), objects(run)
    assert drawn.shape == (64, 128, 128, 3)
    assert (drawn[7] == draw_scene(sample_scene(7)).pixels).all()
    with_objects = [bool(draw_scene(sample_scene(k)).boxes) for k in range(64)]
    assert covered.any((1, 2)).tolist() == with_objects


def test_more_pictures_are_added_to_those_there(tmp_path: Path) -> None:
    render_pictures(tmp_path, 3, 1)
    first = pictures(tmp_path).copy()
    render_pictures(tmp_path, 5, 1)
    assert (pictures(tmp_path)[:3] == first).all()
    assert (pictures(tmp_path)[4] == draw_scene(sample_scene(4)).pixels).all()


def toy(folder: Path, steps: int, *, stop_at: int = 10**9) -> nn.Module:
    """Train a module for so many steps; after `stop_at` steps a second loop continues from the checkpoint."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    loop = Loop("toy", folder, ALONE, RECIPE, {"module": module})
    for _ in loop:
        inputs = torch.from_numpy(loop.numpy_random().standard_normal((4, 4)).astype(np.float32))
        noise = torch.randn(4, 1, generator=loop.torch_random())
        loop.learn((module(inputs) - noise).pow(2).mean())
        if loop.step == stop_at:
            loop.save()
            return toy(folder, steps)
        if loop.step == steps:
            break
    return module


def test_a_run_that_was_stopped_ends_with_the_same_weights(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "halves").mkdir()
    whole, halves = toy(tmp_path / "whole", 10), toy(tmp_path / "halves", 10, stop_at=5)
    for first, second in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.equal(first, second)


@dataclass(frozen=True, kw_only=True, slots=True)
class Averaging:
    """A stage that writes the averaged gradient, which differs from process to process before."""

    folder: Path

    def __call__(self, rank: Rank) -> None:
        weight = nn.Parameter(torch.zeros(2))
        (weight * (rank.index + 1)).sum().backward()  # type: ignore[no-untyped-call]
        rank.average_gradients([weight, nn.Parameter(torch.zeros(1))])
        assert weight.grad is not None
        agreed = rank.agree(7.0 + rank.index)
        (self.folder / f"{rank.index}").write_text(f"{weight.grad.tolist()} {agreed}")


def test_processes_average_gradients_and_share_the_first_ones_clock(tmp_path: Path) -> None:
    run_ranks(Averaging(folder=tmp_path), tmp_path, 2, "cpu")
    assert [(tmp_path / str(k)).read_text() for k in range(2)] == ["[1.5, 1.5] 7.0"] * 2


def test_a_new_autoencoder_already_resembles_its_input() -> None:
    pixels = np.stack([draw_scene(sample_scene(k)).pixels for k in range(4)])
    coarse = torch.nn.functional.avg_pool2d(as_tensor(pixels), 8).flatten()
    alike = []
    for seed in range(3):
        torch.manual_seed(seed)
        vae = new_autoencoder().eval()
        with torch.inference_mode():
            made = torch.nn.functional.avg_pool2d(vae.decode(encode(vae, pixels)).sample, 8).flatten()
        alike.append(float(torch.corrcoef(torch.stack([made, coarse]))[0, 1]))
    assert np.mean(alike) > 0.75  # with random weights: 0


def test_whitening_changes_the_latents_and_not_the_picture() -> None:
    torch.manual_seed(0)
    vae = new_autoencoder().eval()
    pixels = np.stack([draw_scene(sample_scene(k)).pixels for k in range(48)])
    with torch.inference_mode():
        before = vae.decode(encode(vae, pixels[:4])).sample
        whiten(vae, pixels)
        latents = encode(vae, pixels)
        after = vae.decode(latents[:4]).sample
    values = latents.permute(1, 0, 2, 3).reshape(4, -1)
    assert torch.allclose(values.mean(1), torch.zeros(4), atol=1e-3)
    assert torch.allclose(torch.cov(values), torch.eye(4), atol=1e-2)
    assert torch.allclose(before, after, atol=1e-2)


def test_the_critic_learns_and_its_gradient_reaches_the_picture_alone() -> None:
    torch.manual_seed(0)
    critic = new_critic()
    drawn = as_tensor(np.stack([draw_scene(sample_scene(k)).pixels for k in range(4)]))
    soft = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(drawn, (2, 2, 2, 2), mode="replicate"), 5, 1)
    learner = torch.optim.Adam(critic.parameters(), 2e-3)
    for _ in range(60):
        learner.zero_grad()
        critic_loss(critic, soft, drawn).backward()  # type: ignore[no-untyped-call]
        learner.step()
    learner.zero_grad()
    assert critic_loss(critic, soft, drawn).item() < 1.5  # of an untrained critic: 2
    shown = soft.clone().requires_grad_()
    adversarial_loss(critic, shown).backward()  # type: ignore[no-untyped-call]
    assert shown.grad is not None
    assert all(weight.grad is None for weight in critic.parameters())
    nearer = soft - 0.05 * shown.grad / shown.grad.abs().max()
    assert adversarial_loss(critic, nearer).item() < adversarial_loss(critic, soft).item()


def test_the_judge_has_other_weights_than_the_perceptual_classifier(run: Path) -> None:
    eye, judge = (load_file(run / f"{name}.safetensors") for name in ("classifier", "judge"))
    assert all(not torch.equal(eye[key], judge[key]) for key in eye if key.endswith("0.weight"))


def test_the_schedule_ends_before_sigmas_explode() -> None:
    kept = new_scheduler().alphas_cumprod
    assert len(kept) == 957
    assert float(((1 - kept[-1]) / kept[-1]).sqrt()) == pytest.approx(14.9, abs=0.2)
    assert (kept[1:] < kept[:-1]).all()
