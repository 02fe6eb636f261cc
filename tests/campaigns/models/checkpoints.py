"""Attacks on models of one file: the header, tensors that are no weights, the configuration, the .yaml beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

from tests.campaigns.models import folders
from tests.campaigns.models.header_changes import change_header, write
from tests.campaigns.models.json_changes import TEXTS
from tests.campaigns.models.target import Target

_FILE, _CONFIG = "mix.safetensors", "model"


def _prepare(folder: Path) -> None:
    from safetensors.torch import save_file

    from tests.support.engine.single_file import as_single_file
    from tests.support.engine.tiny import build_tiny

    pipe = build_tiny()
    pipe.save_pretrained(folder / "whole", safe_serialization=True)
    save_file(as_single_file(pipe), folder / _FILE)


def _make(prepared: Path, draw: Random, folder: Path) -> str:
    """Make a file of the tiny model, and the folder of its configuration, one of which is hostile."""
    shutil.copytree(prepared / "whole", folder / _CONFIG)
    (folder / folders.OUTSIDE).mkdir()
    shutil.copy(prepared / _FILE, folder / _FILE)
    shutil.copy(prepared / _FILE, folder / folders.OUTSIDE / "model.safetensors")
    (folder / folders.OUTSIDE / "secret.json").write_text("{}")
    if draw.random() < 0.3:
        return draw.choice(folders.CHANGES)(folder / _CONFIG, draw)
    if draw.random() < 0.1:
        return _yaml(folder / _FILE, draw)
    return change_header(folder / _FILE, draw)


def _yaml(file: Path, draw: Random) -> str:
    yaml = file.with_suffix(".yaml")
    kind = draw.choice(("pipe", "zero", "large"))
    if kind == "pipe":
        os.mkfifo(yaml)
    elif kind == "zero":
        yaml.symlink_to("/dev/zero")
    else:
        yaml.write_text("parameterization: 'v'\n" * 10_000_000)
    return f"{yaml.name} is {kind}"


def _load(folder: Path) -> None:
    from engine.diffusion.load import load_model
    from engine.models.resolve import resolve_model
    from engine.rendering.requests import LoadModel
    from tests.support.engine.tiny import SETTINGS

    choice = resolve_model(str(folder / _FILE), config=str(folder / _CONFIG))
    load_model(LoadModel(model=choice, settings=SETTINGS, device="cpu"), lambda _: None)


def _make_shapes(prepared: Path, draw: Random, folder: Path) -> str:  # noqa: ARG001 (nothing is prepared)
    """Make a file with the header of a true model, which is told by it, and never loaded."""
    from tests.support.engine.headers import CHECKPOINTS, checkpoint

    family = draw.choice(list(CHECKPOINTS))
    file = checkpoint(folder / _FILE, family, metadata={"modelspec.title": draw.choice(TEXTS[1:])})
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        text = stream.read(length)
    size = file.stat().st_size
    changed = bytearray(text)
    for _ in range(draw.choice((1, 1, 2, 5))):
        changed[draw.randrange(len(changed))] = draw.choice(b'0123456789"[]{},:.-_abcefF\\\0\xff')
    write(file, bytes(changed), b"")
    os.truncate(file, size)
    return f"the header of {family}, damaged"


def _look(folder: Path) -> None:
    from engine.models.fingerprints import model_fingerprint
    from engine.models.look import look_at
    from engine.models.resolve import defaults_of, resolve_model

    choice = resolve_model(str(folder / _FILE))
    defaults_of(choice)
    model_fingerprint(look_at(choice))


TARGETS = (
    Target(name="single-file checkpoints", make=_make, load=_load, prepare=_prepare),
    Target(name="headers of true models", make=_make_shapes, load=_look),
)
