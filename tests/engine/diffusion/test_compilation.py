"""Compiled blocks: how often they are compiled, what is recorded, and what is refused.

torch's back-end "eager" replaces its compiler: it takes the same blocks and computes them uncompiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
import torch

from engine.compare import differing_conditions
from engine.diffusion import compilation
from engine.diffusion.compilation import compile_blocks, compiler_message
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel, load_model, replace_loras, serves
from engine.diffusion.main import failure_event
from engine.errors import ModelError, RenderError
from engine.models.memory import Memory
from engine.rendering.events import Event, Failure, JobFailed, PictureRendered
from engine.rendering.requests import LoadModel, LoraChoice, ModelChoice, PictureTask, RenderJob
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.families.catalogue import build_family, save_family
from tests.support.engine.overlays import peft_lora
from tests.support.engine.tiny import SETTINGS, build_tiny, save_tiny

NO_BLOCKS = "--compile cannot be used: this model (SimpleNamespace) has no blocks that diffusers can compile"
PARENT = Lineage(root=SeedRoot(seed=7))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelChoice:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The batch size of each compilation; guidance doubles it."""
    compiled: list[int] = []

    def backend(graph: Any, inputs: list[Any]) -> Any:
        compiled.append(next(len(each) for each in inputs if each.ndim == 3))
        return graph.forward

    monkeypatch.setattr(compilation, "OPTIONS", MappingProxyType({**compilation.OPTIONS, "backend": backend}))
    yield compiled
    torch.compiler.reset()


def load(choice: ModelChoice, **more: Any) -> LoadedModel:
    return load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu", **more), lambda _: None)


def job_of(count: int, slot: tuple[int, int] = (0, 0)) -> RenderJob:
    rounds = [Round(seed=1, scale=0.7, of=9, marks=(mark,)) for mark in range(count)]
    tasks = (PictureTask(index=at, lineage=PARENT.child(each), slot=slot) for at, each in enumerate(rounds))
    return RenderJob(job=1, tasks=tuple(tasks), settings=SETTINGS)


def pictures(loaded: LoadedModel, job: RenderJob, micro_batch: int = 2) -> list[PictureRendered]:
    events: list[Event] = []
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, micro_batch=micro_batch).run(job)
    return [event for event in events if isinstance(event, PictureRendered)]


def problem_of(pipe: Any, memory: Memory = Memory.RESIDENT) -> str:
    with pytest.raises(ModelError) as caught:
        compile_blocks(pipe, memory)
    return str(caught.value)


@pytest.mark.slow
def test_the_blocks_are_compiled_once_for_all_batches_of_a_grid(tiny: ModelChoice, shapes: list[int]) -> None:
    loaded = load(tiny, compile=True)
    assert not shapes, "loading compiles nothing"
    first = pictures(loaded, job_of(5))
    once = len(shapes)
    assert set(shapes) == {4}, "two pictures, with and without guidance; the last batch is filled up"
    assert [event.picture for event in first] == [event.picture for event in pictures(load(tiny), job_of(5))]
    pictures(loaded, job_of(4))
    pictures(loaded, job_of(1, slot=(2, 1)))
    assert len(shapes) == once
    pictures(loaded, job_of(3), micro_batch=3)
    assert set(shapes[once:]) == {6}, "no kernel serves two sizes"
    assert len(shapes) == 2 * once


@pytest.mark.slow
def test_many_batch_sizes_can_be_compiled(tiny: ModelChoice, shapes: list[int]) -> None:
    loaded = load(tiny, compile=True)
    for count in range(1, 10):
        pictures(loaded, job_of(1, slot=(count, 0)))
    assert set(shapes) == set(range(2, 19, 2)), "more than torch keeps by itself"


@pytest.mark.slow
def test_compilation_is_recorded_and_compared(tiny: ModelChoice, shapes: list[int]) -> None:
    (compiled,), (plain,) = (pictures(load(tiny, compile=way), job_of(1)) for way in (True, False))
    assert shapes
    assert compiled.record.software["compiled"] is True
    assert "compiled" not in plain.record.software
    assert differing_conditions(compiled.record, plain.record) == ("compiled then, not now",)
    assert differing_conditions(plain.record, compiled.record) == ("not compiled then, compiled now",)
    assert differing_conditions(compiled.record, compiled.record) == ()


@pytest.mark.slow
@pytest.mark.parametrize("family", ["SDXL", "Flux.1"])
def test_other_families_are_compiled_too(tmp_path: Path, shapes: list[int], family: str) -> None:
    save_family(family, tmp_path / "model")
    choice = ModelChoice(path=str(tmp_path / "model"), name="model")
    (one,), (other,) = (pictures(load(choice, compile=way), job_of(1)) for way in (True, False))
    assert shapes
    assert one.picture == other.picture


def test_a_model_without_repeated_blocks_fails_with_one_sentence() -> None:
    bare = SimpleNamespace(unet=torch.nn.Linear(1, 1))
    assert problem_of(bare) == NO_BLOCKS
    without = SimpleNamespace(unet=build_tiny().vae, transformer=None)
    assert problem_of(without) == NO_BLOCKS


def test_compilation_is_refused_when_single_layers_are_offloaded() -> None:
    assert problem_of(build_family("Flux.1"), Memory.GROUP) == (
        "--compile cannot be used with --memory group, which moves single layers: choose another --memory"
    )


@pytest.mark.slow
def test_a_compiler_that_fails_fails_with_one_sentence(tiny: ModelChoice, monkeypatch: pytest.MonkeyPatch) -> None:
    def backend(*_: object) -> None:
        raise FileNotFoundError("no compiler\nin any of these places")

    monkeypatch.setattr(compilation, "OPTIONS", MappingProxyType({**compilation.OPTIONS, "backend": backend}))
    loaded = load(tiny, compile=True)
    for _ in range(2):
        with pytest.raises(RenderError) as caught:
            pictures(loaded, job_of(1))
        assert failure_event(1, caught.value, Failure.CRASH) == JobFailed(
            job=1,
            failure=Failure.SETTINGS,
            sentence="the model could not be compiled (backend='backend' raised: FileNotFoundError: no compiler): "
            "leave out --compile",
        )
    torch.compiler.reset()
    assert compiler_message(RuntimeError("shapes cannot be multiplied")) == ""


@pytest.mark.slow
def test_compiled_models_are_loaded_again_for_other_lora_files(
    tiny: ModelChoice, tmp_path: Path, shapes: list[int]
) -> None:
    lora = LoraChoice(path=str(peft_lora(tmp_path)))
    before = LoadModel(model=tiny, settings=SETTINGS, device="cpu", compile=True)
    after = replace(before, model=replace(tiny, loras=(lora,)))
    loaded = load_model(before, lambda _: None)
    (bare,) = pictures(loaded, job_of(1))
    assert replace_loras(loaded, before, after) is None
    (styled,) = pictures(load_model(after, lambda _: None), job_of(1))
    assert styled.picture != bare.picture
    assert len(shapes) == 2


def test_compilation_is_part_of_the_key_of_a_load(tiny: ModelChoice) -> None:
    plain = LoadModel(model=tiny, settings=SETTINGS, device="cpu")
    compiled = replace(plain, compile=True)
    loaded = load_model(plain, lambda _: None)
    assert serves(loaded, plain, plain)
    assert not serves(loaded, plain, compiled)
    assert replace_loras(loaded, plain, compiled) is None
    assert plain.model_key != compiled.model_key
