"""Where weights are kept: the choice for a table of sizes, derived by hand, and the measurements that it needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine.diffusion import placement
from engine.diffusion.load import load_model, serves
from engine.diffusion.placement import free_room, place_pipeline, quantisation_arguments
from engine.diffusion.render import BatchRenderer
from engine.errors import ModelError
from engine.models.files import ComponentFiles, ModelFiles
from engine.models.look import look_at_component
from engine.models.memory import GIB, Memory, Placement, Room, plan_memory, working_bytes
from engine.rendering.requests import LoadModel
from latentpng.noise.gauss1 import gauss1
from tests.support.engine.tiny import SETTINGS, load_tiny, save_tiny

SMALL = {"unet": 1 * GIB, "text_encoder": GIB // 8, "vae": GIB // 16}
"""1.2 Gi numbers: 2.375 GiB of float16, of which the largest part is 2 GiB."""
LARGE = {"transformer": 12 * GIB, "text_encoder_2": 5 * GIB, "vae": GIB // 8}
"""17.125 Gi numbers: 34.25 GiB of bfloat16, the largest part 24 GiB; 19.7 GiB in 8 bits, 9.85 GiB in 4."""


@pytest.mark.parametrize(
    ("values", "gpu", "main", "quantiser", "chosen"),
    [
        (SMALL, 0.0, 64, False, "resident"),  # no GPU: there is nothing to choose
        (SMALL, 3.5, 64, False, "resident"),  # 2.375 + 1
        (SMALL, 3.2, 64, False, "offload"),  # the UNet, 2 + 1
        (SMALL, 2.9, 64, False, "group"),  # an eighth of the UNet, 0.25 + 1
        (SMALL, 2.9, 2, True, "8bit"),  # main memory is short: 1.1875 * 1.15 + 1 = 2.37
        (SMALL, 2.9, 3, True, "group"),  # choices that keep the pixels come first
        (SMALL, 2.0, 2, True, "4bit"),  # 0.68 + 1
        (LARGE, 36.0, 64, True, "resident"),
        (LARGE, 35.0, 64, True, "offload"),
        (LARGE, 24.0, 64, True, "group"),
        (LARGE, 24.0, 32, True, "8bit"),
        (LARGE, 12.0, 32, True, "4bit"),
        ({}, 1.0, 64, True, "resident"),  # unknown sizes are no reason to offload
    ],
)
def test_the_first_choice_that_fits_and_keeps_the_pixels_is_taken(
    values: dict[str, int], gpu: float, main: int, quantiser: bool, chosen: str
) -> None:
    room = Room(gpu=int(gpu * GIB), main=main * GIB, quantiser=quantiser)
    placement = plan_memory("auto", values, value_bytes=2, working=GIB, room=room)
    assert placement.memory == chosen


@pytest.mark.parametrize(
    ("gpu", "sentence"),
    [
        (3.5, "all weights go to the GPU: they take 2.4 GiB, 3.5 GiB are free on the GPU"),
        (
            3.2,
            "each part of the model goes to the GPU when it is needed: they take 2.4 GiB, 3.2 GiB are free on the GPU",
        ),
        (0.0, ""),
    ],
)
def test_the_choice_is_reported_with_its_sizes(gpu: float, sentence: str) -> None:
    room = Room(gpu=int(gpu * GIB), main=64 * GIB)
    assert plan_memory("auto", SMALL, value_bytes=2, working=GIB, room=room).sentence == sentence


def test_a_request_is_followed_with_a_warning_if_it_may_not_fit() -> None:
    room = Room(gpu=3 * GIB, main=64 * GIB)
    for wanted, sentence in (
        ("group", "each layer goes to the GPU when it is needed, which is slower, as asked"),
        (
            "resident",
            "all weights go to the GPU, as asked, though 3.4 GiB may be needed and 3.0 GiB are free on the GPU",
        ),
    ):
        placement = plan_memory(wanted, SMALL, value_bytes=2, working=GIB, room=room)
        assert (placement.memory, placement.sentence) == (wanted, sentence)


@pytest.mark.parametrize(
    ("wanted", "gpu", "main", "sentence"),
    [
        ("half", 8, 8, "--memory is one of auto, resident, offload, group, 8bit, 4bit, found 'half'"),
        ("group", 0, 8, "--memory group needs a GPU: without one, all weights are in main memory"),
        ("8bit", 8, 8, "--memory 8bit needs bitsandbytes: pip install 'warmer[quantised]'"),
        (
            "auto",
            2,
            2,
            "there is not enough memory: the weights take 2.4 GiB and a picture of this size 1.0 GiB, but 2.0 GiB are "
            "free on the GPU and 2.0 GiB in main memory: use a smaller model or size, or quantise the weights: "
            "pip install 'warmer[quantised]'",
        ),
        (
            "auto",
            1,
            64,
            "there is not enough memory: the weights take 2.4 GiB and a picture of this size 1.0 GiB, but 1.0 GiB are "
            "free on the GPU and 64.0 GiB in main memory: use a smaller model or size, or quantise the weights: "
            "pip install 'warmer[quantised]'",
        ),
    ],
)
def test_an_impossible_request_fails_with_one_sentence(wanted: str, gpu: int, main: int, sentence: str) -> None:
    with pytest.raises(ModelError) as caught:
        plan_memory(wanted, SMALL, value_bytes=2, working=GIB, room=Room(gpu=gpu * GIB, main=main * GIB))
    assert str(caught.value) == sentence


def test_weights_that_main_memory_lacks_are_not_loaded_unless_it_is_asked_for() -> None:
    total = sum(SMALL.values()) * 4
    fits, lacks = Room(gpu=0, main=total), Room(gpu=0, main=total // 2)
    nothing = Placement(memory=Memory.RESIDENT, sentence="")
    assert plan_memory("auto", SMALL, value_bytes=4, working=GIB, room=fits) == nothing
    assert plan_memory("resident", SMALL, value_bytes=4, working=GIB, room=lacks) == nothing
    with pytest.raises(ModelError) as caught:
        plan_memory("auto", SMALL, value_bytes=4, working=GIB, room=lacks)
    assert str(caught.value) == (
        f"there is not enough memory: the weights take {total / GIB:.1f} GiB, and {total / 2 / GIB:.1f} GiB are free: "
        "end other programs, choose a smaller model or --dtype bfloat16, or add --memory resident to load them all the "
        "same"
    )


def test_a_picture_needs_more_memory_at_a_larger_size_and_precision() -> None:
    assert working_bytes(1024, 1024, 2) == GIB // 2 + 2 * GIB
    assert working_bytes(512, 512, 2) == GIB // 2 + GIB // 2
    assert working_bytes(1024, 1024, 4) == GIB // 2 + 4 * GIB


def test_sizes_come_from_the_headers_of_the_files_that_are_loaded(tmp_path: Path) -> None:
    for part, name, count in (
        ("unet", "diffusion_pytorch_model.safetensors", 6),
        ("unet", "diffusion_pytorch_model.fp16.safetensors", 6),
        ("text_encoder", "model-00001-of-00002.safetensors", 3),
        ("text_encoder", "model-00002-of-00002.safetensors", 4),
    ):
        (tmp_path / part).mkdir(exist_ok=True)
        save_file({"a": torch.zeros(count, 2), "b": torch.zeros(1)}, tmp_path / part / name)
    (tmp_path / "scheduler").mkdir()
    assert model_at(tmp_path).parameter_counts == {"unet": 13, "text_encoder": 7 + 9}
    (tmp_path / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert model_at(tmp_path).variant == "fp16"
    assert model_at(tmp_path).parameter_counts == {"unet": 13, "text_encoder": 7 + 9}, "only the UNet has a variant"


def model_at(folder: Path) -> ModelFiles:
    """Return a folder as a model of two components with weights, and a scheduler without."""
    parts = (
        *(
            ComponentFiles(folder=folder / name, library="x", class_name="X", weights=look_at_component(folder / name))
            for name in ("unet", "text_encoder")
        ),
        ComponentFiles(folder=folder / "scheduler", library="x", class_name="XScheduler"),
    )
    return ModelFiles(path=folder, folder=folder, index={}, pipeline="X", components=parts)


def test_without_a_gpu_there_is_only_main_memory() -> None:
    room = free_room("cpu")
    assert room.gpu == 0
    assert room.main > 0


class FakePipe:
    """Records its calls; `to` a GPU fails unless it fits."""

    def __init__(self, fits: bool = True) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.fits = fits
        quantised = torch.nn.Linear(1, 1)
        quantised.is_quantized = True  # type: ignore[assignment]  # as transformers marks it
        self.components = {"vae": torch.nn.Linear(1, 1), "unet": quantised, "tokenizer": object()}

    def to(self, device: str) -> FakePipe:
        if device == "cuda" and not self.fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.calls.append(("to", device))
        return self

    def enable_model_cpu_offload(self, *, device: str) -> None:
        self.calls.append(("offload", device))

    def enable_group_offload(self, device: torch.device, **options: Any) -> None:
        self.calls.append(("group", (device.type, options)))


def test_every_placement_reaches_the_pipeline() -> None:
    for memory, calls in (
        (Memory.RESIDENT, [("to", "cuda")]),
        (Memory.OFFLOAD, [("offload", "cuda")]),
        (
            Memory.GROUP,
            [("group", ("cuda", {"offload_type": "leaf_level", "use_stream": True}))],
        ),
    ):
        pipe = FakePipe()
        place_pipeline(pipe, "cuda", memory, requested=False, progress=pytest.fail)
        assert pipe.calls == calls


def test_group_offload_gives_the_same_pixels(tmp_path: Path) -> None:
    """On a CPU, where the hooks do everything but copy."""
    loaded = load_tiny(save_tiny(tmp_path / "tiny"))
    noise = gauss1(5, 0, 1024).reshape(1, 4, 16, 16).astype(np.float16)
    plain = BatchRenderer(loaded).render(noise, SETTINGS, lambda _: None).pixels
    place_pipeline(loaded.pipe, "cpu", Memory.GROUP, requested=True, progress=pytest.fail)
    hooked = [module for module in loaded.pipe.unet.modules() if hasattr(module, "_diffusers_hook")]
    assert hooked
    for _ in range(2):
        np.testing.assert_array_equal(BatchRenderer(loaded).render(noise, SETTINGS, lambda _: None).pixels, plain)


def test_quantised_components_are_not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[object] = []
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, device: moved.append((self, device)))
    pipe = FakePipe()
    place_pipeline(pipe, "cuda", Memory.FOUR_BITS, requested=True, progress=pytest.fail)
    assert moved == [(pipe.components["vae"], "cuda")]


def test_weights_that_do_not_fit_after_all_are_offloaded() -> None:
    stages: list[str] = []
    pipe = FakePipe(fits=False)
    assert place_pipeline(pipe, "cuda", Memory.RESIDENT, requested=False, progress=stages.append) is Memory.OFFLOAD
    assert pipe.calls == [("to", "cpu"), ("offload", "cuda")]
    assert stages == ["the weights do not fit on the GPU: each component is moved there when it is needed"]


def test_a_request_that_does_not_fit_fails_with_one_sentence() -> None:
    with pytest.raises(ModelError) as caught:
        place_pipeline(FakePipe(fits=False), "cuda", Memory.RESIDENT, requested=True, progress=pytest.fail)
    assert str(caught.value) == (
        "the GPU has not enough memory for --memory resident: try --memory group, or a smaller size"
    )


def test_the_large_components_are_quantised_and_the_vae_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(placement, "PipelineQuantizationConfig", lambda **options: asked.append(options))
    index = {
        "_class_name": "X",
        "transformer": [],
        "text_encoder": [],
        "text_encoder_2": [],
        "vae": [],
        "tokenizer": [],
    }
    assert quantisation_arguments(Memory.RESIDENT, index, torch.bfloat16) == {}
    quantisation_arguments(Memory.EIGHT_BITS, index, torch.bfloat16)
    quantisation_arguments(Memory.FOUR_BITS, index, torch.bfloat16)
    parts = ["transformer", "text_encoder", "text_encoder_2"]
    four = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.bfloat16}
    assert asked == [
        {
            "quant_backend": "bitsandbytes_8bit",
            "quant_kwargs": {"load_in_8bit": True},
            "components_to_quantize": parts,
        },
        {"quant_backend": "bitsandbytes_4bit", "quant_kwargs": four, "components_to_quantize": parts},
    ]


def test_a_lora_goes_with_its_component_and_is_not_quantised() -> None:
    """12 Gi numbers of bfloat16 are 24 GiB, those of the LoRA 1.5 GiB more: 26.5 GiB with the picture."""
    for gpu, chosen in ((26.4, "group"), (26.5, "offload")):
        room = Room(gpu=int(gpu * GIB), main=64 * GIB)
        plan = plan_memory("auto", LARGE, lora_values=3 * GIB // 4, value_bytes=2, working=GIB, room=room)
        assert plan.memory == chosen
    room = Room(gpu=int(13.2 * GIB), main=0, quantiser=True)  # 9.85 + 1 + 1.5 in 4 bits, 19.7 in 8
    assert plan_memory("auto", LARGE, lora_values=3 * GIB // 4, value_bytes=2, working=GIB, room=room).memory == "4bit"
    short = Room(gpu=int(12.3 * GIB), main=0, quantiser=True)
    with pytest.raises(ModelError):
        plan_memory("auto", LARGE, lora_values=3 * GIB // 4, value_bytes=2, working=GIB, room=short)


@pytest.mark.parametrize(("free", "kept", "serves_it"), [(3.0, 0.0, True), (1.0, 0.0, False), (1.0, 2.0, True)])
def test_a_model_is_loaded_again_if_a_larger_picture_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, kept: float, serves_it: bool
) -> None:
    """1024 x 1024 in float16 takes 2.5 GiB beside the weights."""
    choice = save_tiny(tmp_path / "tiny")
    small = LoadModel(model=choice, settings=SETTINGS, device="cpu")
    loaded = replace(load_model(small, lambda _: None), device="cuda", dtype="float16")
    large = replace(small, settings=replace(SETTINGS, width=1024, height=1024), dtype="float16")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (int(free * GIB), 80 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: int(kept * GIB) + 5)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 5)
    assert serves(loaded, small, large) == serves_it
    assert serves(replace(loaded, memory=Memory.OFFLOAD), small, large)
    assert serves(replace(loaded, device="cpu"), small, large)
    asked = replace(large, memory="resident")
    assert serves(loaded, replace(small, memory="resident"), asked), "what was asked for stays"
