"""Every family with every kind of scheduler that it can use: a covering part of the matrix, `make matrix` is all of it.

And what only some families show: noise of other axes, previews of packed latents, guidance that means another thing.
One file, because all of it shares 40 loaded models, which take longer than most tests.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.diffusion.batches import largest_batch
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel, load_model
from engine.diffusion.noise_spec import NoiseSpec, infer_axes, wide_and_tall
from engine.diffusion.render import BatchRenderer
from engine.diffusion.seams.steps import Step
from engine.errors import InvalidRequestError, RenderCancelled
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import Event, Picture, PictureRendered, StepDone
from engine.rendering.requests import LoadModel, ModelChoice, PictureTask, RenderJob
from engine.rendering.settings import SchedulerSettings
from latentpng.chunk.metadata import round_to_json
from latentpng.errors import InvalidValueError
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.replay import replay
from latentpng.png.files import read_record, write_picture
from latentpng.record import Lineage, Round, SeedRoot, TensorRoot
from latentpng.shapes import octaves
from tests.support.engine.canary import PIPELINES
from tests.support.engine.families.catalogue import FAMILIES, save_family
from tests.support.engine.families.rare import RARE, build_rare
from tests.support.engine.families.variants import VARIANTS, build_variant
from tests.support.engine.matrix import (
    IGNORES_PROMPT,
    ONLY_PROMPT,
    OWN,
    check,
    check_prompt,
    loaded_family,
    pictures_of,
    rendered_again,
    schedulers_of,
)
from tests.support.engine.tiny import job_of
from tests.support.latentpng import independent

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


ALONE = {"PRX", "PRX pixel"}


"""Families that render one picture at a time."""


ALIKE = {"Kandinsky 3": 8}


"""How much a colour may differ in a batch; 2 in the other families, whose random weights amplify less."""


LARGE = {"Sana", "PixArt-α", "PixArt-Σ", "Lumina 2", "Kandinsky 5", "Hunyuan-DiT", "Sana-Sprint"}


"""Families whose pictures cannot be small, and which are therefore tested with few schedulers."""


SLOW = {*LARGE, "DeepFloyd IF", "HunyuanImage 2.1", "Ideogram 4", "Kandinsky 3", "SDXL PAG"}


"""Families that are checked with their own scheduler alone; `make matrix` checks them with all."""


SEED = Lineage(root=SeedRoot(seed=3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("families")


@pytest.fixture(scope="module")
def models(folder: Path) -> dict[str, LoadedModel]:
    return {family: loaded_family(family, folder) for family in FAMILIES}


def covering(models: dict[str, LoadedModel]) -> list[tuple[str, str]]:
    """Return pairs in which every family occurs with its own scheduler, and every scheduler once.

    Slow families, and those that know no scheduler but their own, occur with no other.
    """
    pairs = [(family, OWN) for family in models]
    for is_flow in (False, True):
        small = {
            family: list(schedulers_of(model))
            for family, model in models.items()
            if model.own.is_flow is is_flow and family not in SLOW
        }
        names = next(iter(small.values()))  # the same for most families of a kind
        pairs += [(family, name) for family, known in small.items() for name in known if name not in names]
        usual = [family for family, known in small.items() if set(names) <= set(known)]
        pairs += [
            (usual[number % len(usual)], names[number % len(names)]) for number in range(max(len(usual), len(names)))
        ]
    pairs += [(family, name) for family in sorted(SLOW) for name in schedulers_of(models[family]) if name == "SCM"]
    return list(dict.fromkeys(pairs))


def noise_of(shape: tuple[int, ...], *streams: int) -> NDArray[np.float16]:
    size = int(np.prod(shape))
    return np.stack([gauss1(5, stream, size).reshape(shape).astype(np.float16) for stream in streams])


@pytest.mark.slow
def test_the_same_noise_is_the_same_picture(models: dict[str, LoadedModel], folder: Path) -> None:
    """When repeated, beside others, after a cancelled job, and from the file in a fresh process."""
    pairs = covering(models)
    assert {family for family, _ in pairs} == set(FAMILIES)
    assert {name for _, name in pairs} == {name for model in models.values() for name in schedulers_of(model)}
    cells = [check(models[family], family, scheduler, folder) for family, scheduler in pairs]
    assert [cell for cell in cells if cell.reason] == []
    cells += [
        check_prompt(models[family], family, folder) for family in FAMILIES if family not in SLOW | IGNORES_PROMPT
    ]
    assert [cell for cell in cells if cell.reason] == []
    again = rendered_again(folder)
    assert [(cell.family, cell.scheduler) for cell in cells if again[cell.family, cell.scheduler]] == []


EMBEDDINGS = {
    **dict.fromkeys(("SDXL", "SDXL v, zero SNR", "SDXL PAG", "Playground 2.5", "Kolors"), 2),
    **{"SD 3": 2, "Flux.1": 2, "Kandinsky 5": 2, "HiDream": 3, "HunyuanImage 2.1": 2},
}


"""How many embeddings a prompt has; one in the other families."""


BY_HAND = 1024


"""How many values of each are computed by the independent reader, which is slow."""


@pytest.mark.slow
@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in ALONE])
def test_the_prompt_is_offset_and_the_negative_one_is_not(
    models: dict[str, LoadedModel], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = models[family].pipe
    encode, results = pipe.encode_prompt, []

    def spy(*args: Any, **kwargs: Any) -> Any:
        encoded = encode(*args, **kwargs)
        if any(isinstance(value, list) and len(value) == 2 for value in (*args, *kwargs.values())):
            results.append(encoded)  # the probes before the job ask for one picture
        return encoded

    monkeypatch.setattr(pipe, "encode_prompt", spy)
    text = 'a lake, "A"'  # HunyuanImage embeds the words in quotes once more
    settings = replace(FAMILIES[family].settings, prompt=text, negative_prompt="fog", num_inference_steps=2)
    lineages = (SEED, SEED.child(ONLY_PROMPT))
    tasks = tuple(PictureTask(index=index, lineage=lineage) for index, lineage in enumerate(lineages))
    moved = pictures_of(models[family], RenderJob(job=1, tasks=tasks, settings=settings))
    calls = len(results)
    pictures_of(models[family], RenderJob(job=1, tasks=(tasks[0], tasks[0]), settings=settings))
    shapes: list[str] = []
    for call, (after, before) in enumerate(zip(results[:calls], results[calls:], strict=True)):
        for one, other in zip(flat(after), flat(before), strict=True):
            first, second = (halves(one), halves(other))
            assert torch.equal(first[0], second[0]), "a picture whose prompt does not move keeps it"
            if not torch.equal(first[1], second[1]):
                assert call == 0
                expected = by_hand(second[1], len(shapes))
                np.testing.assert_array_equal(first[1].numpy().ravel()[: expected.size], expected)
                shapes.append("x".join(map(str, first[1].shape)))
    assert len(shapes) == EMBEDDINGS.get(family, 1)
    assert "moved_prompt" not in moved[0].record.settings
    assert moved[1].record.settings["moved_prompt"] == ", ".join(shapes)


def flat(encoded: Any) -> list[Any]:
    """Return those results of `encode_prompt` that belong to two pictures: tensors, and lists of two."""
    parts = encoded if isinstance(encoded, tuple) else (encoded,)
    return [part for part in parts if isinstance(part, list | torch.Tensor) and halves(part)]


def halves(part: Any) -> tuple[torch.Tensor, ...]:
    """Return the part of each of two pictures; () if the value belongs to none."""
    if isinstance(part, list):
        return tuple(part)
    axis = 1 if part.ndim == 4 and part.shape[1] == 2 else 0
    return part.unbind(axis) if part.shape[axis] == 2 else ()


def by_hand(embedding: torch.Tensor, number: int) -> NDArray[np.float32]:
    """Return the first tokens of a picture's embedding after `ONLY_PROMPT`, computed by the independent reader."""
    width = embedding.shape[-1]
    tokens = embedding.reshape(-1, width).tolist()[: max(1, BY_HAND // width)]
    offset = independent.prompt_offset([dict(round_to_json(ONLY_PROMPT))], number, len(tokens) * width)
    moved = [independent.moved(token, offset[at * width : (at + 1) * width]) for at, token in enumerate(tokens)]
    return np.array(moved, dtype=np.float32).ravel()


CALLS = itertools.count(1)


BROKEN: dict[str, Callable[[Any], Any]] = {
    "a neighbour changes the picture": lambda predicted: predicted - predicted.mean(dim=0),
    "a repetition gives a different picture": lambda predicted: predicted + 0.1 * next(CALLS),
    "the output contained NaN or infinity, so parts of the picture are black: try another scheduler or dtype": (
        lambda predicted: predicted * float("nan")
    ),
    "something drew from the global random generator (python), so this picture may not be reproducible": (
        lambda predicted: predicted + random.random()
    ),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_each_violation_of_the_rule_is_found(
    models: dict[str, LoadedModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    step = diffusers.DDIMScheduler.step

    def broken(self: Any, model_output: Any, *args: Any, **kwargs: Any) -> Any:
        return step(self, BROKEN[reason](model_output), *args, **kwargs)

    monkeypatch.setattr(diffusers.DDIMScheduler, "step", broken)
    assert check(models["SD 2 v"], "SD 2 v", "DDIM", tmp_path).reason == reason


def test_some_families_render_one_picture_at_a_time(models: dict[str, LoadedModel]) -> None:
    kinds = {family: type(model.pipe).__name__ for family, model in models.items()}
    assert {family for family, kind in kinds.items() if largest_batch(kind) == 1} == ALONE


def test_the_canaries_know_the_pipeline_of_every_family(models: dict[str, LoadedModel]) -> None:
    assert {type(model.pipe).__name__ for model in models.values()} == set(PIPELINES)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_shape_and_axes_of_the_noise_of_a_family(models: dict[str, LoadedModel], family: str) -> None:
    known = FAMILIES[family]
    kind = BatchRenderer(models[family]).noise_spec(known.settings)
    assert kind == NoiseSpec(shape=known.shape, axes=known.axes)


@pytest.mark.parametrize(
    ("size", "wide", "high"),
    [
        ((512, 768), (1024, 768), (512, 1536)),
        ((4096, 512), (8192, 512), (4096, 1024)),
        ((4104, 1024), (4104, 512), (2048, 1024)),
        ((8192, 64), (8192, 64), (4096, 64)),
    ],
)
def test_axes_are_probed_with_a_wide_and_a_tall_size(
    size: tuple[int, int], wide: tuple[int, int], high: tuple[int, int]
) -> None:
    assert wide_and_tall(*size) == (wide, high)


def test_axes_are_inferred_if_a_model_rounds_every_size() -> None:
    """HiDream keeps the area, and Kandinsky 5 takes the nearest of its resolutions, with channels last."""
    assert infer_axes((16, 128, 128), (16, 90, 180), (16, 180, 90)) == "CHW"
    assert infer_axes((1, 128, 128, 16), (1, 80, 176, 16), (1, 176, 80, 16)) == "1HWC"


@pytest.mark.parametrize("family", ["Flux.1", "Flux.2", "Qwen-Image", "Kandinsky 5", "HiDream"])
def test_a_stored_tensor_with_any_axes_is_varied_and_replayed(
    models: dict[str, LoadedModel], family: str, tmp_path: Path
) -> None:
    """With bands and a region: the noise outside of the region stays the same, whichever axes are spatial."""
    loaded, known = models[family], FAMILIES[family]
    (tensor,) = noise_of(known.shape, 0)
    bands = tuple(0.5**octave for octave in range(octaves(known.shape, known.axes)))
    assert len(bands) > 1
    round_ = Round(seed=1, scale=0.8, of=2, marks=(0,), bands=bands, region="10/00")
    task = PictureTask(index=0, lineage=Lineage(root=TensorRoot()).child(round_))
    job = RenderJob(job=1, tasks=(task,), settings=known.settings, root_tensor=tensor)
    (first,) = pictures_of(loaded, job)
    write_picture(tmp_path / "a.png", first.picture.width, first.picture.height, first.picture.rgb, first.record)
    record = read_record(tmp_path / "a.png")
    assert (record.axes, record.tensor.shape) == (known.axes, known.shape)
    (fresh,) = pictures_of(loaded, job_of(record))
    assert fresh.picture == first.picture
    changed = replay(record.lineage, record.tensor.shape, record.axes, record.tensor) != tensor
    spatial = (known.axes.index("H"), known.axes.index("W"))
    grid = np.moveaxis(changed, spatial, (0, 1)).reshape(known.shape[spatial[0]], known.shape[spatial[1]], -1)
    half = (grid.shape[0] // 2, grid.shape[1] // 2)
    assert grid[: half[0], : half[1]].mean() > 0.9
    assert grid.sum() == grid[: half[0], : half[1]].sum()


def test_bands_and_regions_of_tokens_are_refused() -> None:
    shape, axes = (256, 64), "LC"
    assert octaves(shape, axes) == 0
    varied = replay(SEED.child(Round(seed=1, scale=0.5, of=2, marks=(1,))), shape, axes)
    assert (varied != replay(SEED, shape, axes)).mean() > 0.9
    with pytest.raises(InvalidValueError) as caught:
        replay(SEED.child(Round(seed=1, scale=0.5, of=2, marks=(1,), bands=(1.0, 0.5))), shape, axes)
    assert str(caught.value) == "0 bands needed for [256, 64] LC, found 2"
    with pytest.raises(InvalidValueError) as caught:
        replay(SEED.child(Round(seed=1, scale=0.5, of=2, marks=(1,), region="10/00")), shape, axes)
    assert str(caught.value) == "a region has at most 0 x 0 cells for [256, 64] LC, found 2 x 2"


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in LARGE | ALONE])
def test_a_picture_looks_the_same_in_a_batch_and_alone(models: dict[str, LoadedModel], family: str) -> None:
    """Kernels differ by the size of a batch, but no picture may get the text or the noise of its neighbour."""
    known, renderer = FAMILIES[family], BatchRenderer(models[family])
    noise = noise_of(known.shape, 0, 1)
    together = renderer.render(noise, known.settings, lambda _: None).pixels
    for slot in (0, 1):
        alone = renderer.render(noise[[slot]], known.settings, lambda _: None).pixels[0]
        assert np.abs(together[slot].astype(int) - alone).max() <= ALIKE.get(family, 2)


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in {*ALONE, "Ideogram 4"}])
def test_the_prompts_of_a_batch_are_those_that_the_pipeline_encodes_itself(
    models: dict[str, LoadedModel], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One prompt is encoded and repeated; the pipeline encodes all of them, with the same arguments."""
    loaded, known = models[family], FAMILIES[family]
    renderer, cached, calls = BatchRenderer(loaded), loaded.pipe.encode_prompt, []
    renderer.noise_spec(known.settings)

    def spy(*args: Any, **kwargs: Any) -> Any:
        result = cached(*args, **kwargs)
        calls.append((args, kwargs, result))
        return result

    monkeypatch.setattr(loaded.pipe, "encode_prompt", spy)
    settings = replace(known.settings, prompt='a lake, "A"', negative_prompt="fog")
    renderer.render(noise_of(known.shape, 0, 1), settings, lambda _: None)
    assert calls
    for args, kwargs, result in calls:
        with torch.no_grad():
            assert_alike(result, cached.__wrapped__(*args, **kwargs))


def assert_alike(one: Any, other: Any) -> None:
    """Compare two nested results; the kernels of a batch differ a little from those of one text."""
    if isinstance(one, torch.Tensor):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
    elif isinstance(one, list | tuple):
        assert (type(one), len(one)) == (type(other), len(other))
        for part, its_other in zip(one, other, strict=True):
            assert_alike(part, its_other)
    else:
        assert one == other


@pytest.mark.parametrize("name", [*VARIANTS, *RARE])
def test_a_pipeline_outside_of_the_matrix_repeats_alone_and_in_a_batch(name: str) -> None:
    known = FAMILIES[VARIANTS[name]] if name in VARIANTS else RARE[name]
    loaded = build_variant(name) if name in VARIANTS else build_rare(name)
    renderer, noise = BatchRenderer(loaded), noise_of(known.shape, 0, 1)
    assert renderer.noise_spec(known.settings) == NoiseSpec(shape=known.shape, axes=known.axes)
    alone = [renderer.render(noise[[slot]], known.settings, lambda _: None) for slot in (0, 1)]
    again = renderer.render(noise[[0]], known.settings, lambda _: None)
    assert np.array_equal(again.pixels, alone[0].pixels)
    assert np.abs(alone[0].pixels.astype(int) - alone[1].pixels).max() > 50
    ignored = ("this pipeline takes no guidance scale: it was ignored",) if name == "Flux2KleinKVPipeline" else ()
    assert again.warnings == (ignored,)
    if largest_batch(type(loaded.pipe).__name__) == 1:
        return
    together = renderer.render(noise, known.settings, lambda _: None)
    for slot in (0, 1):
        assert np.abs(together.pixels[slot].astype(int) - alone[slot].pixels[0]).max() <= 8


@pytest.mark.parametrize("family", FAMILIES)
def test_a_prompt_is_encoded_once(models: dict[str, LoadedModel], family: str) -> None:
    known, loaded = FAMILIES[family], models[family]
    renderer = BatchRenderer(loaded)
    renderer.noise_spec(known.settings)
    hits, calls = loaded.prompt_cache.hits, []
    handle = loaded.pipe.text_encoder.register_forward_hook(lambda *_: calls.append(1))
    renderer.render(noise_of(known.shape, *range(1 if family in ALONE else 2)), known.settings, lambda _: None)
    handle.remove()
    assert loaded.prompt_cache.hits > hits
    assert calls == []


@pytest.mark.parametrize("family", ["SDXL", "Flux.1", "Flux.2", "Qwen-Image", "Kandinsky 5"])
def test_packed_latents_have_previews(models: dict[str, LoadedModel], family: str) -> None:
    known, steps = FAMILIES[family], list[Step]()
    renderer = BatchRenderer(models[family], clock=lambda: float(len(steps)))
    previews: list[tuple[Picture, ...]] = []
    renderer.render(noise_of(known.shape, 0, 1), known.settings, steps.append, previews.append)
    side = known.shape[known.axes.index("H")]
    assert [[(one.width, one.height) for one in pictures] for pictures in previews] == [[(side, side)] * 2] * 3


def test_sdxl_in_half_precision_renders_after_a_cancelled_decoding(tmp_path: Path) -> None:
    """It decodes in float32, and has to be changed back after a cancel."""
    save_family("SDXL", tmp_path / "sdxl")
    choice = ModelChoice(path=str(tmp_path / "sdxl"), name="sdxl")
    settings = FAMILIES["SDXL"].settings
    loaded = load_model(LoadModel(model=choice, settings=settings, device="cpu", dtype="float16"), lambda _: None)
    loaded.pipe.vae.post_quant_conv = torch.nn.Conv2d(4, 4, 1).half()
    events: list[Event] = []

    def is_cancelled(job: int) -> bool:
        done = [event.step for event in events if isinstance(event, StepDone) and event.job == job]
        return job == 2 and len(done) == settings.num_inference_steps

    runner = JobRunner(loaded, emit=events.append, is_cancelled=is_cancelled)
    tasks = (PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=1))),)
    for number in (1, 2, 3):
        with contextlib.suppress(RenderCancelled):
            runner.run(RenderJob(job=number, tasks=tasks, settings=settings))
    pictures = [(event.job, event.picture) for event in events if isinstance(event, PictureRendered)]
    assert [job for job, _ in pictures] == [1, 3]
    assert pictures[0][1] == pictures[1][1]


def test_flow_models_and_others_refuse_each_others_schedulers(models: dict[str, LoadedModel]) -> None:
    for family, wrong in (("SD 3", "DDIM"), ("SDXL", "FlowMatchEulerDiscrete")):
        with pytest.raises(InvalidRequestError, match=f"^this model cannot use the scheduler {wrong}; it can use D"):
            models[family].own.build(scheduler_settings(wrong))


def test_every_scheduler_keeps_v_prediction_and_noise_that_ends_at_zero_signal(
    models: dict[str, LoadedModel],
) -> None:
    own, levels = models["SDXL v, zero SNR"].own, dict[str, float]()
    plain = 1.0 - torch.linspace(0.0001**0.5, 0.02**0.5, 1000, dtype=torch.float64) ** 2
    roots = plain.cumprod(dim=0).sqrt()
    expected = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2  # Lin et al. 2023, algorithm 1
    for name in own.usable:
        scheduler = own.build(SchedulerSettings(name=name))
        assert scheduler.config["prediction_type"] == "v_prediction"
        torch.testing.assert_close(scheduler.alphas_cumprod.double(), expected, rtol=1e-3, atol=1e-6)
        levels[name] = float(scheduler.alphas_cumprod[-1])
    assert max(levels.values()) < 1e-6
    assert len(levels) > 15


def test_every_scheduler_runs_a_model_that_predicts_its_variance(models: dict[str, LoadedModel]) -> None:
    """DeepFloyd IF: the class of the scheduler decides who splits the prediction."""
    loaded, settings = models["DeepFloyd IF"], FAMILIES["DeepFloyd IF"].settings
    task = PictureTask(index=0, lineage=SEED)
    split = ("DDPM", "DPMSolverMultistep", "DPMSolverSinglestep")  # by the scheduler, by the pipeline for the others
    for name in (f"{name}Scheduler" for name in (*split, "SASolver", "LMSDiscrete", "PNDM", "DEISMultistep")):
        chosen = replace(settings, scheduler=SchedulerSettings(name=name))
        (picture,) = pictures_of(loaded, RenderJob(job=1, tasks=(task,), settings=chosen))
        assert picture.warning == "", name


@pytest.mark.parametrize(
    ("family", "guidance", "sentences"),
    [
        ("SD 1.x", 3.0, ()),
        ("SD 1.x", 1.0, ("this guidance scale turns guidance off, so the negative prompt was ignored",)),
        ("Qwen-Image 2.1", 3.0, ()),
        ("Qwen-Image 2.1", 1.0, ("this guidance scale turns guidance off, so the negative prompt was ignored",)),
        ("HunyuanImage 2.1", 3.0, ()),
        ("Flux.1", 3.0, ("this pipeline takes no negative prompt: it was ignored",)),
        ("Ideogram 4", 3.0, ("this pipeline takes no negative prompt: it was ignored",)),
        ("LCM", 3.0, ("this pipeline takes no negative prompt: it was ignored",)),
    ],
)
def test_a_negative_prompt_counts_or_is_said_to_be_ignored(
    models: dict[str, LoadedModel], family: str, guidance: float, sentences: tuple[str, ...]
) -> None:
    known, renderer = FAMILIES[family], BatchRenderer(models[family])
    settings = replace(known.settings, guidance_scale=guidance)
    noise = noise_of(known.shape, 0)
    without = renderer.render(noise, settings, lambda _: None)
    negative = renderer.render(noise, replace(settings, negative_prompt="fog, snow, ink"), lambda _: None)
    assert negative.warnings[0] == sentences
    assert np.array_equal(without.pixels, negative.pixels) == bool(sentences)


def test_the_guidance_scale_changes_the_picture(models: dict[str, LoadedModel]) -> None:
    """Where it is a component, where it is the true one, in place of a schedule, and as a condition."""
    for family in ("HunyuanImage 2.1", "Qwen-Image 2.1", "Ideogram 4", "LCM", "Flux.2 klein", "Krea 2"):
        known, renderer = FAMILIES[family], BatchRenderer(models[family])
        noise = noise_of(known.shape, 0)
        scales = [replace(known.settings, guidance_scale=scale) for scale in (1.5, 8.0)]
        low, high = (renderer.render(noise, settings, lambda _: None).pixels for settings in scales)
        assert not np.array_equal(low, high), family


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_sana_sprint_renders_in_any_number_of_steps(models: dict[str, LoadedModel], steps: int) -> None:
    known = FAMILIES["Sana-Sprint"]
    settings = replace(known.settings, num_inference_steps=steps)
    taken: list[Step] = []
    BatchRenderer(models["Sana-Sprint"]).render(noise_of(known.shape, 0), settings, taken.append)
    assert [(step.step, step.steps) for step in taken] == [(one, steps) for one in range(1, steps + 1)]
