"""Attacks on diffusers folders: their JSON files, weights, indices, links, and files that nobody asked for."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
from pathlib import Path
from random import Random
from typing import Any

from tests.campaigns.models.header_changes import change_header
from tests.campaigns.models.json_changes import OTHERS, PATHS, TEXTS, change_json
from tests.campaigns.models.target import Target

MODEL, OUTSIDE = "model", "outside"
"""The folder that is opened, and one beside it, of which nothing may be read."""
_LIBRARIES = (
    "os",
    "posix",
    "subprocess",
    "engine.errors",
    "builtins",
    "torch",
    "numpy",
    "diffusers",
    "transformers",
    "no",
)
_CLASSES = (
    "system",
    "Popen",
    "OnnxRuntimeModel",
    "AutoModel",
    "AutoTokenizer",
    "AutoProcessor",
    "UNet2DConditionModel",
    "CLIPTextModel",
    "StableDiffusionPipeline",
    "FlashPackModel",
    "PreTrainedModel",
    "ModelMixin",
    "T5EncoderModel",
    "DDIMScheduler",
    "LightGlueForKeypointMatching",
    *TEXTS,
)
_KEYS = {
    "transformers_weights": ("adapter_model.bin", "pytorch_model.bin", "../outside/model.safetensors", 1),
    "_attn_implementation_internal": ("evil/kernel",),
    "_attn_implementation": ("evil/kernel", "flash_attention_2", {"": "evil/kernel"}),
    "attn_implementation": ("evil/kernel",),
    "auto_map": ({"AutoModel": "evil.Evil", "AutoConfig": "evil.Config", "AutoTokenizer": ["evil.Slow", "evil.Fast"]},),
    "trust_remote_code": (True,),
    "quantization_config": ({"quant_method": "bitsandbytes", "load_in_4bit": True}, {"quant_method": "fp8"}, {}),
    "custom_pipeline": ("evil",),
    "_name_or_path": PATHS,
    "torch_dtype": ("float8", "evil", 1),
    "dtype": ("evil", "bfloat16"),
    "is_decoder": (True,),
    "num_hidden_layers": (10**9, 10**4),
    "num_layers": (10**9, 10**4),
    "layers_per_block": (10**9, 10**4),
    "sample_size": (10**9, 10**5),
    "vocab_size": (10**9, 10**7),
    "model_type": ("llama", "t5", "lightglue"),
    "tokenizer_class": ("Evil", "T5Tokenizer"),
}


class _Evil:
    """Runs when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def prepare(folder: Path) -> None:
    """Save a tiny model, whole and in several files."""
    from tests.support.engine.tiny import build_tiny, save_tiny

    save_tiny(folder / "whole")
    build_tiny().save_pretrained(folder / "shards", safe_serialization=True, max_shard_size="60KB")


def make(prepared: Path, draw: Random, folder: Path) -> str:
    """Make a hostile folder."""
    kind = draw.choice(("whole", "shards"))
    model = folder / MODEL
    shutil.copytree(prepared / kind, model)
    (folder / OUTSIDE).mkdir()
    shutil.copy(next((model / "unet").glob("*.safetensors")), folder / OUTSIDE / "model.safetensors")
    (folder / OUTSIDE / "secret.json").write_text("{}")
    return draw.choice(CHANGES)(model, draw)


def _json(model: Path, draw: Random) -> str:
    return change_json(draw.choice(_configurations(model)), draw)


def _configurations(model: Path) -> list[Path]:
    """The JSON files of the model, without the large ones of its tokenizer, which are a target of their own."""
    return [file for file in sorted(model.rglob("*.json")) if file.name not in ("vocab.json", "tokenizer.json")]


def _key(model: Path, draw: Random) -> str:
    file, name = draw.choice(_configurations(model)), draw.choice(list(_KEYS))
    value = draw.choice(_KEYS[name])
    file.write_text(json.dumps({**json.loads(file.read_text()), name: value}))
    _evil_files(file.parent)
    return f"{file.name}: {name} is {str(value)[:40]!r}"


def _entry(model: Path, draw: Random) -> str:
    """Change what the index of the model names."""
    file = model / "model_index.json"
    index = json.loads(file.read_text())
    name = draw.choice([*index, "../outside", "new", "unet\n", "é"])
    new: Any = draw.choice(
        (
            [draw.choice(_LIBRARIES), draw.choice(_CLASSES)],
            draw.choice((*OTHERS, *TEXTS)),
            ["evil", "Evil"],
            ["evil.py", "E"],
        )
    )
    index[name] = new
    file.write_text(json.dumps(index))
    _evil_files(model / name if (model / name).is_dir() else model)
    return f"{name[:40]} is {str(new)[:60]!r}"


def _weights(model: Path, draw: Random) -> str:
    return change_header(draw.choice(sorted(model.rglob("*.safetensors"))), draw)


def _index(model: Path, draw: Random) -> str:
    """Let an index of weights name something else."""
    weights = draw.choice(sorted(model.rglob("*.safetensors")))
    component = weights.parent
    _evil_files(component)
    found = sorted(component.glob("*.index.json"))
    stem = weights.name.removesuffix(".safetensors").split("-00")[0]
    file = found[0] if found else component / f"{stem}.safetensors.index.json"
    shards = json.loads(file.read_text())["weight_map"] if found else {"a": weights.name}
    name = draw.choice(list(shards))
    new: Any = draw.choice(
        (
            "pytorch_model.bin",
            "evil.pkl",
            "../unet/x.bin",
            "../../outside/model.safetensors",
            "x.py",
            *PATHS,
            None,
            1,
            ["a"],
            {},
        )
    )
    every = draw.random() < 0.5
    shards = {key: new if every or key == name else value for key, value in shards.items()}
    changed = draw.choice((shards, shards, shards, draw.choice((*OTHERS, *TEXTS))))
    file.write_text(json.dumps({"metadata": {"total_size": draw.choice((1, 10**30, "x"))}, "weight_map": changed}))
    if not found and draw.random() < 0.5:
        weights.unlink()
    return f"{file.name} names {str(new)[:60]!r}"


def _special(model: Path, draw: Random) -> str:
    """Put something else in the place of a file."""
    file = draw.choice([path for path in sorted(model.rglob("*")) if path.is_file()])
    kind = draw.choice(("zero", "random", "outside", "pipe", "folder", "loop", "socket", "sparse", "nowhere", "proc"))
    file.unlink()
    targets = {
        "zero": "/dev/zero",
        "random": "/dev/urandom",
        "loop": file.name,
        "nowhere": "gone",
        "proc": "/proc/self/mem",
    }
    if kind == "outside":
        file.symlink_to(model.parent / OUTSIDE / ("secret.json" if file.suffix == ".json" else "model.safetensors"))
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "socket":
        _socket(file)
    elif kind == "sparse":
        file.touch()
        os.truncate(file, draw.choice((2**27, 2**33, 2**40)))
    else:
        file.symlink_to(targets[kind])
    return f"{file.name} is {kind}"


def _folder_link(model: Path, draw: Random) -> str:
    component = draw.choice([path for path in sorted(model.iterdir()) if path.is_dir()])
    moved = model.parent / OUTSIDE / component.name
    component.rename(moved)
    component.symlink_to(draw.choice((moved, Path("/"), Path("/proc"), model)))
    return f"{component.name} is a link"


def _added(model: Path, draw: Random) -> str:
    """Add files that libraries look for."""
    component = draw.choice([path for path in sorted(model.iterdir()) if path.is_dir()] + [model])
    _evil_files(component)
    if draw.random() < 0.5:
        base = draw.choice((str(model.parent / OUTSIDE), "evil/model", "."))
        adapter = {"base_model_name_or_path": base, "peft_type": "LORA", "auto_mapping": {"parent_library": "os"}}
        (component / "adapter_config.json").write_text(json.dumps(adapter))
    if draw.random() < 0.5:
        (component / "generation_config.json").write_text(json.dumps({"max_length": draw.choice((10**9, "x", None))}))
    if draw.random() < 0.5:
        for weights in component.glob("*.safetensors"):
            weights.unlink()
    return f"more files in {component.name}"


def _evil_files(folder: Path) -> None:
    """Add code and pickle files, none of which may be opened."""
    code = f"from pathlib import Path\nPath({str(folder / 'executed')!r}).touch()\nclass Evil: ...\n"
    for name in ("evil.py", "pipeline.py", "modeling_evil.py", "__init__.py"):
        (folder / name).write_text(code)
    evil = pickle.dumps(_Evil(folder / "executed"))
    for name in ("pytorch_model.bin", "diffusion_pytorch_model.bin", "adapter_model.bin", "evil.pkl"):
        (folder / name).write_bytes(evil)


def _socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(file.parent)  # the path of a socket is short
        try:
            one.bind(file.name)
        finally:
            os.chdir(here)


CHANGES = (_json, _json, _json, _key, _key, _entry, _weights, _weights, _index, _special, _folder_link, _added)


def load(folder: Path) -> None:
    """Look at a folder and load it, as the app and the worker do."""
    from engine.diffusion.load import load_model
    from engine.models.resolve import defaults_of, resolve_model
    from engine.rendering.requests import LoadModel
    from tests.support.engine.tiny import SETTINGS

    choice = resolve_model(str(folder / MODEL))
    defaults_of(choice)
    load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu"), lambda _: None)


TARGETS = (Target(name="diffusers folders", make=make, load=load, prepare=prepare, share=2),)
