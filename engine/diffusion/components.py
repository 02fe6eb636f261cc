"""Components loaded beside a pipeline: another VAE, what a single file lacks, a tiny autoencoder for its previews.

Each is checked against the model, since the libraries leave out what does not fit without saying so.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderTiny

from engine.diffusion.messages import why_not_loaded
from engine.diffusion.out_of_memory import is_out_of_memory
from engine.diffusion.parts import load_component
from engine.diffusion.seams.whole_weights import MissingWeightsError, whole_weights
from engine.diffusion.tiny_autoencoders import load_tiny_decoder
from engine.errors import ModelError
from engine.models.contents import latent_channels
from engine.models.files import ModelFiles
from engine.models.parts import vae_part
from engine.models.weights import read_weights
from engine.rendering.requests import ModelChoice

DENOISERS = ("transformer", "transformer_2", "unet")
"""The components that denoise; a pipeline has some of them."""


def load_vae(choice: ModelChoice, index: Mapping[str, Any], precision: Mapping[str, torch.dtype]) -> Any:
    """Load the VAE that replaces the model's own.

    Args:
        choice: Names the VAE: a folder or a .safetensors file.
        index: The model's model_index.json.
        precision: The argument that sets the dtype.

    Raises:
        ModelError: It cannot be loaded, is damaged, or decodes other latents than the model's.
    """
    library, name = index.get("vae") or ("", "")
    kind = getattr(diffusers, str(name), None) if library == "diffusers" else None
    if kind is None:
        raise ModelError(f"{choice.name!r} has no VAE of diffusers that could be replaced: leave out --vae")
    path, own = Path(choice.vae), kind.load_config(choice.folder / "vae", local_files_only=True)
    if path.suffix == ".safetensors":
        return _load_vae_file(path, choice, own, kind, precision["dtype"])
    try:
        with whole_weights():
            vae = kind.from_pretrained(choice.vae, local_files_only=True, use_safetensors=True, **precision)
    except MissingWeightsError as error:
        raise ModelError(
            f"the VAE {path.name!r} is damaged: some of its weights are missing ({error.weight}, for example), "
            "download it again"
        ) from error
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        if is_out_of_memory(error):
            raise
        raise ModelError(f"the VAE {path.name!r} cannot be loaded as {name}: {why_not_loaded(error)}") from error
    _check_same_latents(vae.config, own, path.name)
    _check_same_scale(vae, own, path.name)
    return vae


def _load_vae_file(path: Path, choice: ModelChoice, own: Mapping[str, Any], kind: Any, dtype: torch.dtype) -> Any:
    file = read_weights(path)
    found, needed = latent_channels(file), own.get("latent_channels")
    if found and needed and found != needed:
        raise ModelError(
            f"the VAE {path.name!r} belongs to another family: {found} latent channels, the model needs {needed}"
        )
    return load_component(vae_part(file), kind, choice.folder, dtype)


def load_missing_components(choice: ModelChoice, files: ModelFiles, dtype: torch.dtype) -> dict[str, Any]:
    """Load what a single file does not hold (text encoders, a VAE) from the folder of its configuration.

    Args:
        choice: A single file.
        files: Its files; those of its components are beside it.
        dtype: Of the components.

    Returns:
        Components by their names in the pipeline.

    Raises:
        ModelError: A component cannot be loaded.
    """
    components: dict[str, Any] = {}
    for missing in files.components:
        library, name = missing.library, missing.class_name
        kind = getattr({"diffusers": diffusers, "transformers": transformers}.get(library), name, None)
        if kind is None:
            raise ModelError(f"{choice.name!r} needs a {name} of {library}, which is not installed here")
        try:
            with whole_weights():
                component = kind.from_pretrained(
                    missing.folder, local_files_only=True, use_safetensors=True, dtype=dtype
                )
        except Exception as error:  # a broken model fails in as many ways as there are libraries
            if is_out_of_memory(error):
                raise
            raise ModelError(f"{missing.name!r} of --config cannot be loaded: {why_not_loaded(error)}") from error
        components[missing.name] = component.eval()
    return components


def load_preview_vae(path: str, pipe: Any, precision: Mapping[str, torch.dtype]) -> AutoencoderTiny:
    """Load the tiny autoencoder that draws the previews of a pipeline.

    Args:
        path: Its folder, or the file of its decoder.
        pipe: The pipeline.
        precision: The argument that sets the dtype.

    Raises:
        ModelError: It cannot be loaded, or takes other latents than the pipeline's.
    """
    name = Path(path).name
    try:
        if Path(path).suffix == ".safetensors":
            return _of_same_latents(load_tiny_decoder(Path(path)).to(**precision), pipe, name)
        with whole_weights():
            tiny = AutoencoderTiny.from_pretrained(path, local_files_only=True, use_safetensors=True, **precision)
    except ModelError:
        raise
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        raise ModelError(f"the preview VAE {name!r} cannot be loaded: {why_not_loaded(error)}") from error
    return _of_same_latents(tiny, pipe, name)


def _of_same_latents(tiny: AutoencoderTiny, pipe: Any, name: str) -> AutoencoderTiny:
    """Return the tiny autoencoder; raise ModelError if it takes other latents than the pipeline's."""
    needed = getattr(getattr(getattr(pipe, "vae", None), "config", None), "latent_channels", None)
    found = tiny.config.latent_channels
    if needed != found:
        raise ModelError(
            f"the preview VAE {name!r} belongs to another family: it takes {found} latent channels, not {needed}"
        )
    return tiny


def _check_same_latents(config: Mapping[str, Any], own: Mapping[str, Any], name: str) -> None:
    """Raise ModelError unless a VAE has as many latent channels as the model's own, and scales by the same factor."""
    for found, needed, what in (
        (config.get("latent_channels"), own.get("latent_channels"), "latent channels"),
        (_scale_factor(config), _scale_factor(own), "pixels for each latent"),
    ):
        if found != needed:
            raise ModelError(f"the VAE {name!r} belongs to another family: {found} {what}, the model needs {needed}")


# The VAEs of Stable Diffusion 1 and SDXL have the same shapes, but latents of another scale: pictures would be garbage.
def _check_same_scale(vae: Any, own: Mapping[str, Any], name: str) -> None:
    """Raise ModelError unless a VAE scales and shifts latents as the model's own does."""
    defaults = inspect.signature(type(vae).__init__).parameters
    for option, verb in (("scaling_factor", "scales"), ("shift_factor", "shifts")):
        found = vae.config.get(option)
        needed = own.get(option, defaults[option].default if option in defaults else None)
        if found != needed:
            raise ModelError(
                f"the VAE {name!r} belongs to another family: it {verb} latents by {found}, the model needs {needed}"
            )


def _scale_factor(config: Mapping[str, Any]) -> int:
    return int(2 ** (len(config.get("block_out_channels", (0,))) - 1))
