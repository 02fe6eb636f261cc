"""The benchmark for GPUs: it runs with tiny models, and its large ones have the sizes of the published models."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from tests.benchmarks import trueshapes
from tests.benchmarks.engine_gpu import main

pytestmark = pytest.mark.slow  # models are loaded again and again; `make test` runs it


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    """Restore the environment after the test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.slow
def test_the_benchmark_runs_with_tiny_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tiny", "--repeats", "1", "--steps", "2", "--no-compile"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("warmer ")
    assert [line.partition(":")[0] for line in lines if ", tiny" in line] == [
        "sd15, tiny",
        "sdxl, tiny",
        "flux, tiny",
    ]
    assert sum(line.startswith("warmer / plain loop of 8 calls: ") for line in lines) == 3


def test_the_benchmark_fails_with_one_sentence_without_a_gpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main([]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "there is no CUDA device here: --tiny runs it all with tiny models on the CPU\n",
    )


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (trueshapes.sd15, {"unet": 859_520_964, "text_encoder": 123_060_480, "vae": 83_653_863}),
        (
            trueshapes.sdxl,
            {
                "unet": 2_567_463_684,
                "text_encoder": 123_060_480,
                "text_encoder_2": 694_659_840,
                "vae": 83_653_863,
            },
        ),
        (
            trueshapes.flux,
            {
                "transformer": 11_901_408_320,
                "text_encoder": 123_060_480,
                "text_encoder_2": 4_762_310_656,
                "vae": 83_819_683,
            },
        ),
    ],
)
def test_the_shapes_are_as_large_as_the_published_ones(build: Any, sizes: dict[str, int]) -> None:
    pipe = build("meta", torch.bfloat16)
    parts = {name: part for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)}
    assert {name: sum(each.numel() for each in part.parameters()) for name, part in parts.items()} == sizes
    assert {each.dtype for part in parts.values() for each in part.parameters()} == {torch.bfloat16}
    assert torch.get_default_dtype() == torch.float32
