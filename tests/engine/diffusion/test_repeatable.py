"""Deterministic kernels, and what is recorded of them.  None of these tests needs a GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch

from engine.compare import differing_conditions
from engine.diffusion.environment import prepare_environment
from engine.diffusion.libraries import use_deterministic_kernels
from engine.diffusion.provenance import kernels_of, software_of
from latentpng.noise.replay import record_of, replay
from latentpng.record import Lineage, SeedRoot
from tests.support.latentpng.pictures import altered


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Restore torch's flags, which are global."""
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic
    yield
    torch.use_deterministic_algorithms(before[0])
    torch.backends.cudnn.deterministic = before[1]


def test_kernels_on_a_gpu_are_deterministic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    use_deterministic_kernels()
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == (False, True)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()


@pytest.mark.parametrize(("before", "after"), [("", ":4096:8"), (":0:0", ":4096:8"), (":16:8", ":16:8")])
def test_the_workspace_of_cublas_is_deterministic(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> None:
    names = ["DIFFUSERS_DISABLE_REMOTE_CODE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"]
    for name in [*names, "TOKENIZERS_PARALLELISM", "GOMP_SPINCOUNT", "HF_HUB_OFFLINE", "TORCHINDUCTOR_DETERMINISTIC"]:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", before)
    prepare_environment(download=False)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == after


def test_the_record_of_a_gpu_names_its_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 91002)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    use_deterministic_kernels()
    assert kernels_of("cuda") == {
        "cuda": "13.0",
        "cudnn": 91002,
        "tf32": "convolutions",
        "sdpa": "flash, memory-efficient, cudnn, math",
        "deterministic": True,
    }
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "0")
    assert kernels_of("cuda")["tf32"] == "nowhere"


def test_a_cpu_records_no_kernels() -> None:
    assert kernels_of("cpu") == {}
    assert not {"cuda", "tf32", "deterministic"} & set(software_of("cpu"))


def test_what_is_recorded_can_be_received_without_torch() -> None:
    assert type(software_of("cpu")["torch"]) is str, "a class of torch would need torch where it is compared"
    assert {type(value) for value in software_of("cpu").values()} == {str, int}


def test_other_kernels_are_reported_as_other_conditions() -> None:
    lineage = Lineage(root=SeedRoot(seed=1))
    recorded = record_of(lineage, replay(lineage, (1, 4, 4), "CHW"), axes="CHW", software={"tf32": "convolutions"})
    fresh = altered(recorded, software={"tf32": "nowhere", "attention": "sage", "deterministic": True})
    assert differing_conditions(recorded, fresh) == (
        "TF32 convolutions then, nowhere now",
        "deterministic kernels not recorded then, True now",
        "attention native then, sage now",
    )
