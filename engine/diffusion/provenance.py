"""The record in a picture's file: the settings that decide the picture, and the software and device it ran on."""

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
from latentpng.record import Json, JsonObject, LatentRecord


class Recorder:
    """Makes the records of the pictures of one loaded model."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        attention = {"attention": loaded.attention} if loaded.attention else {}
        compiled = {"compiled": True} if loaded.compiled else {}
        self._software: dict[str, Json] = {**software_of(loaded.device), **attention, **compiled}

    @property
    def software(self) -> JsonObject:
        """What every record says about the software and the device."""
        return self._software

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
        """Return the record of one picture.

        Args:
            job: The job that it belongs to.
            task: What was rendered.
            noise: Its initial noise, as replayed from the lineage of the task.
            axes: A letter for each axis of `noise`.
            slot: (n, i), the batch size and the index in the batch with which it was rendered.
            rgb: The pixels.
            warnings: Sentences about what went otherwise than the settings say.
            moved_prompt: The shapes of the prompt embeddings that were offset (latentpng/SPEC.md, section 7), or "".
        """
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
    """Return the versions of the software, and the device that computes; nothing that names the user or the machine.

    Args:
        device: "cpu", "cuda", "cuda:1" or "mps".
    """
    return {
        "warmer": latentpng.__version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # its own class, which compares itself by version
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
    """Return the settings by which torch chooses its kernels; empty for devices other than CUDA.

    Args:
        kind: The kind of the device, without its index.
    """
    if kind != "cuda":
        return {}
    cuda: Any = torch.backends.cuda  # these functions have no types
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
    """Return which operations multiply float32 with TF32 precision: "matmul", "convolutions", both or "nowhere"."""
    if os.environ.get("NVIDIA_TF32_OVERRIDE") == "0":
        return "nowhere"
    operations = {
        "matmul": torch.backends.cuda.matmul.allow_tf32,
        "convolutions": torch.backends.cudnn.allow_tf32,
    }
    return " and ".join(name for name, is_allowed in operations.items() if is_allowed) or "nowhere"


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
