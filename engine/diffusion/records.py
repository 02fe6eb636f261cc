"""What a picture's file says about how it was rendered: settings that decide the picture, software that it ran on."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from numpy.typing import NDArray

import latentpng
from engine.diffusion.loading import LoadedModel
from engine.plan import PictureTask, RenderJob
from latentpng.files import pixel_digest
from latentpng.lineage import record_of
from latentpng.record import Json, LatentRecord


class Recorder:
    """Writes the records of one loaded model."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._software = software_of(loaded.device)

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
    }


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
