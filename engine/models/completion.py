"""Complete a model of one file by the parts that it lacks: those that the user named, else those found beside it.

No torch.  A part that is nowhere, or that several files can be, is one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models import comfy_tree
from engine.models.json_files import read_config
from engine.models.library import Shelf, find_by_name, not_found
from engine.models.parts import is_optional, missing_encoder, needed_encoders, parts_of
from engine.models.vae_files import may_be_vae_of
from engine.models.weights import GGUF_SUFFIX, check_weights_suffix, located, read_weights, typed_path
from engine.paths import is_file, is_folder
from engine.rendering.requests import ModelChoice


def resolve_text_encoder(text: str) -> Path:
    """Return the file that `--text-encoder` means: a `.safetensors` or `.gguf` file, or the name of one.

    Raises:
        ModelError: There is no such file, or it is of another kind.
    """
    path = typed_path(text)
    if is_folder(path):
        raise ModelError(f"--text-encoder needs a .safetensors or .gguf file: {text!r} is a folder")
    if not is_file(path):
        found = find_by_name(Shelf.TEXT_ENCODERS, text)
        if found is None or not is_file(found):
            where = not_found(Shelf.TEXT_ENCODERS, text)
            raise ModelError(f"--text-encoder needs a .safetensors or .gguf file: there is no file {text!r}{where}")
        path = found
    if path.suffix != GGUF_SUFFIX:
        check_weights_suffix(path, "a text encoder is a .safetensors or .gguf file")
    return located(path)


def complete_choice(
    choice: ModelChoice, index: Mapping[str, Any], named: tuple[str, ...], *, other_vae: bool = False
) -> ModelChoice:
    """Return the choice of a single file with the files of its text encoders, and of its VAE if it was found beside it.

    Args:
        choice: The single file, with the folder of its configuration.
        index: The pipeline's model_index.json, in that folder.
        named: What `--text-encoder` named.
        other_vae: The user named a VAE.

    Raises:
        ModelError: A named file cannot be used, or a part is nowhere, or several files can be it.
    """
    checkpoint = read_weights(Path(choice.path))
    given = tuple(map(read_weights, dict.fromkeys(map(resolve_text_encoder, named))))
    parts = parts_of(checkpoint, index, choice.folder, given)
    files = {name: str(part.file.path) for name, part in parts.items() if part.file is not checkpoint}
    for name, encoder in needed_encoders(index, choice.folder).items():
        optional = is_optional(str(index.get("_class_name")), name)
        if name in parts or _has_weights(choice.folder / name) or (optional and named):
            continue
        found = comfy_tree.find_encoder(Path(choice.path), encoder)
        if found is not None:
            files[name] = str(located(found))
        elif not optional:
            raise ModelError(missing_encoder(checkpoint.path.name, encoder, comfy_tree.searched(Path(choice.path))))
    vae = "" if other_vae or "vae" in parts else _found_vae(choice, index)
    return replace(choice, text_encoders=tuple(dict.fromkeys(files[name] for name in sorted(files))), vae=vae)


def _found_vae(choice: ModelChoice, index: Mapping[str, Any]) -> str:
    """Return the VAE beside a model, "" if its configuration has the weights or names none."""
    folder, path = choice.folder / "vae", Path(choice.path)
    if "vae" not in index or _has_weights(folder) or not (folder / "config.json").is_file():
        return ""
    pipeline = str(index.get("_class_name"))
    found = comfy_tree.find_vae(path, read_config(folder / "config.json"), lambda file: may_be_vae_of(pipeline, file))
    if found is None:
        where = comfy_tree.searched(path, vae=True)
        beside = f", and there is none that fits in {where}" if where else ""
        raise ModelError(f"{path.name} needs a VAE, which it does not hold{beside}: give its file with --vae")
    return str(located(found))


def _has_weights(folder: Path) -> bool:
    return any(folder.glob("*.safetensors"))
