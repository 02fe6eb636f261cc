"""What a picture's file says about how it was rendered: settings that decide the picture, software that it ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from numpy.typing import NDArray

import latentpng
from engine.diffusion.load import LoadedModel
from engine.rendering.requests import PictureTask, RenderJob
from latentpng.noise.replay import record_of
from latentpng.png.files import pixel_digest
from latentpng.record import Json, LatentRecord


class Recorder:
    """Writes the records of one loaded model."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        attention = {"attention": loaded.attention} if loaded.attention else {}
        compiled = {"compiled": True} if loaded.compiled else {}
        self._software: dict[str, Json] = {**software_of(loaded.device), **attention, **compiled}

    def record(
        self,
        job: RenderJob,
        task: PictureTask,
        noise: NDArray[np.float16],
        *,
        axes: str,
        slot: tuple[int, int],
        rgb: bytes,
        warnings: tuple[str, ...],
        moved_prompt: str,
    ) -> LatentRecord:
        """noise: the replayed state of `task`; slot: (n, i), as it was really rendered; moved_prompt: as in SPEC.md."""
        settings: dict[str, Json] = {
            **job.settings.to_json(),
            "model": self._loaded.identity,
            "slot": list(slot),
            "dtype": self._loaded.dtype,
        }
        if moved_prompt:
            settings["moved_prompt"] = moved_prompt
        if warnings:
            settings["warnings"] = list(warnings)
        return record_of(
            task.lineage,
            noise,
            axes=axes,
            root_tensor=job.root_tensor,
            settings=settings,
            software=self._software,
            pixels=pixel_digest(rgb),
        )


def software_of(device: str) -> dict[str, Json]:
    """Versions, and what the picture was computed on; nothing that names the user or the machine."""
    return {
        "warmer": latentpng.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
        "torchsde": version("torchsde"),
        "numpy": np.__version__,
        "device": torch.device(device).type,
        "device_name": _device_name(device),
        "threads": torch.get_num_threads(),
        **kernels_of(torch.device(device).type),
    }


def kernels_of(kind: str) -> dict[str, Json]:
    """Which kernels torch chooses from; on CUDA only."""
    if kind != "cuda":
        return {}
    cuda: Any = torch.backends.cuda  # its questions are not typed
    allowed = {
        "flash": cuda.flash_sdp_enabled(),
        "memory-efficient": cuda.mem_efficient_sdp_enabled(),
        "cudnn": cuda.cudnn_sdp_enabled(),
        "math": cuda.math_sdp_enabled(),
    }
    cudnn: Any = torch.backends.cudnn
    versions: dict[str, Json] = {"cuda": torch.version.cuda or torch.version.hip, "cudnn": cudnn.version()}
    return {
        **{name: value for name, value in versions.items() if value},
        "tf32": _tf32(),
        "sdpa": ", ".join(way for way, is_allowed in allowed.items() if is_allowed),
        "deterministic": torch.are_deterministic_algorithms_enabled() and torch.backends.cudnn.deterministic,
    }


def _tf32() -> str:
    """Where float32 is multiplied with the precision of TF32: "matmul", "convolutions", both or "nowhere"."""
    if os.environ.get("NVIDIA_TF32_OVERRIDE") == "0":
        return "nowhere"
    places = {
        "matmul": torch.backends.cuda.matmul.allow_tf32,
        "convolutions": torch.backends.cudnn.allow_tf32,
    }
    return " and ".join(place for place, is_allowed in places.items() if is_allowed) or "nowhere"


def _device_name(device: str) -> str:
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{_processor()} ({torch.backends.cpu.get_cpu_capability()})"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.machine()
