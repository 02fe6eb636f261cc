"""Single files of true size with random weights: load and render offline, and the same pixels as through a folder.

`python -m tests.benchmarks.engine_single_file [FAMILY ...]` writes a float16 file of each family (2 to 7 GB) and a
diffusers folder of the same weights to the directory for temporary files (TMPDIR), renders both in fresh processes in
which the network is refused, compares the pixels, prints seconds and memory, and deletes what it wrote.  No tensor is
kept: its values follow from its name, so that memory holds one tensor at a time.
"""

from __future__ import annotations

import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from engine.models import shipped
from tests.support.engine.ldm_names import (
    StoredTensor,
    clip_tensors,
    open_clip_tensors,
    unet_tensors,
    vae_tensors,
)
from tests.support.engine.no_network import without_network

FAMILIES = {"sd15": "Stable Diffusion 1", "sd21": "Stable Diffusion 2", "sdxl": "SDXL"}
_CLASSES: dict[str, Any] = {
    "unet": UNet2DConditionModel,
    "vae": AutoencoderKL,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
}
_DTYPES = {"sdxl": "bfloat16"}
"""In float32, SDXL takes 14 GB."""
_WEIGHTS = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
_POOL = torch.randn(2**22 + 3, generator=torch.Generator().manual_seed(0))


def shapes_of(folder: Path, part: str) -> tuple[dict[str, torch.Size], Any]:
    """The shapes of a component's tensors, and its configuration."""
    kind = _CLASSES[part]
    with init_empty_weights():
        if part in ("unet", "vae"):
            model = kind.from_config(kind.load_config(folder / part))
        else:
            model = kind(kind.config_class.from_pretrained(folder / part))
    return {name: value.shape for name, value in model.state_dict().items()}, model.config


def value_of(name: str, shape: torch.Size) -> torch.Tensor:
    """The values of a tensor, by its name alone: those of a freshly made network, in float16."""
    if name.endswith("bias"):
        return torch.zeros(shape, dtype=torch.float16)
    if len(shape) == 1:
        return torch.ones(shape, dtype=torch.float16)
    scale = 0.02 if "embedding.weight" in name else math.prod(shape[1:]) ** -0.5
    start = zlib.crc32(name.encode()) % 100_000
    count = math.prod(shape)
    repeated = _POOL[start:].repeat(-(-count // (len(_POOL) - start)))[:count]
    return (repeated * scale).half().reshape(shape)


def write(path: Path, entries: dict[str, tuple[tuple[int, ...], Any]]) -> None:
    """Write a safetensors file, one tensor after the other; each entry is (shape, function that makes the values)."""
    header, offset = {}, 0
    for name, (shape, _) in entries.items():
        end = offset + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, (shape, make) in entries.items():
            _append(file, name, shape, make())


def _append(file: BinaryIO, name: str, shape: tuple[int, ...], value: torch.Tensor) -> None:
    assert tuple(value.shape) == tuple(shape), (name, value.shape, shape)
    file.write(value.contiguous().numpy().tobytes())


def stored_tensors(family: str, part: str, names: list[str], config: Any) -> Iterator[StoredTensor]:
    """How a single file holds a component."""
    if part == "unet":
        return unet_tensors(names, config)
    if part == "vae":
        return vae_tensors(names, config)
    if part == "text_encoder_2":
        return open_clip_tensors(names, "conditioner.embedders.1.model.")
    if family == "sd21":
        return open_clip_tensors(names, "cond_stage_model.model.")
    prefix = "conditioner.embedders.0.transformer." if family == "sdxl" else "cond_stage_model.transformer."
    return clip_tensors(names, prefix)


def write_both(family: str, single: Path, folder: Path) -> int:
    """Write a single file and a diffusers folder of the same weights; return the number of tensors in the file."""
    shutil.copytree(shipped.config_folder(FAMILIES[family]), folder)
    entries: dict[str, tuple[tuple[int, ...], Any]] = {}
    for part in sorted(path.name for path in folder.iterdir() if path.name in _CLASSES):
        shapes, config = shapes_of(folder, part)
        write(
            folder / part / f"{_WEIGHTS.get(part, 'model')}.safetensors",
            {name: (tuple(shape), lambda n=name, s=shape: value_of(n, s)) for name, shape in shapes.items()},
        )
        for stored in stored_tensors(family, part, list(shapes), config):

            def make(stored: StoredTensor = stored, shapes: dict[str, torch.Size] = shapes) -> torch.Tensor:
                return stored.make(*(value_of(name, shapes[name]) for name in stored.sources))

            meta = stored.make(*(torch.empty(shapes[name], device="meta") for name in stored.sources))
            entries[stored.name] = (tuple(meta.shape), make)
    write(single, entries)
    return len(entries)


def rendered(model: Path, out: Path, environment: dict[str, str], dtype: str) -> tuple[float, float, bytes]:
    """Render a picture in a fresh process; return seconds, the peak of its memory in GB, and the pixels."""
    program = [sys.executable, "-m", "tui", "new", "--model", str(model), "--prompt", "a lighthouse", "--seed", "1"]
    more = ["--steps", "1", "--size", "64x64", "--device", "cpu", "--dtype", dtype, "--out", str(out), "--force"]
    start = time.monotonic()
    done = subprocess.run([*program, *more], env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.returncode:
        raise SystemExit(f"{model.name}: exit code {done.returncode}\n{done.stderr}")
    print(done.stderr.strip()[-300:] or "(nothing on stderr)")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    with Image.open(out) as image:
        return seconds, peak, image.convert("RGB").tobytes()


def measure(family: str) -> None:
    """Write, render and compare one family, and delete what was written."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        single, folder = place / f"{family}.safetensors", place / family
        start = time.monotonic()
        tensors = write_both(family, single, folder)
        size = single.stat().st_size / 1e9
        print(f"{family}: {tensors} tensors, {size:.2f} GB, written in {time.monotonic() - start:.0f} s", flush=True)
        dtype = _DTYPES.get(family, "auto")
        environment = without_network(place / f"{family}-home")
        one = rendered(single, place / "file.png", environment, dtype)
        again = rendered(single, place / "file.png", environment, dtype)
        other = rendered(folder, place / "folder.png", environment, dtype)
        print(f"{family}: from the file {one[0]:.1f} s, again {again[0]:.1f} s, from the folder {other[0]:.1f} s")
        print(f"{family}: peak memory of the largest process so far {again[1]:.2f} GB")
        print(f"{family}: pixels are {'the same' if one[2] == other[2] else 'DIFFERENT'}", flush=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or FAMILIES:
        measure(wanted)
