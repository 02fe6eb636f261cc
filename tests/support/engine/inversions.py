"""Jobs that invert a small drawn photograph, and what comes of them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch.utils.hooks import RemovableHandle

from engine.diffusion.inversion.inverter import Inverter
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.diffusion.render import BatchRenderer
from engine.diffusion.seams.encoder import autoencoder_of
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import Event, PhotoInverted
from engine.rendering.requests import InvertJob
from engine.rendering.settings import RenderSettings
from latentpng.record import JsonObject, TensorRoot
from tests.support.engine.tiny import SETTINGS, slow_clock

_FOLLOWS = 0.9
"""The share of the input in what a calibrated model predicts."""


def drawn_photo(width: int, height: int) -> bytes:
    """Return soft shapes in all colours: height * width * 3 bytes."""
    down, across = np.mgrid[:height, :width] / max(width, height)
    colours = np.stack([across, down, 0.5 + 0.4 * np.sin(9 * across * down)], axis=-1)
    return (colours * 255).astype(np.uint8).tobytes()


def invert_job(settings: RenderSettings = SETTINGS, scheduler: str = "", **more: Any) -> InvertJob:
    """Return the job that inverts the drawn photograph at the size of these settings.

    Args:
        settings: What renders it.
        scheduler: As `--scheduler` takes it; "" keeps that of the settings.
        more: Other fields of the job.
    """
    chosen = replace(settings, scheduler=scheduler_settings(scheduler)) if scheduler else settings
    width, height = settings.width, settings.height
    fields = {"width": width, "height": height, "rgb": drawn_photo(width, height), "settings": chosen, **more}
    return InvertJob(job=1, **fields)


def events_of(loaded: LoadedModel, job: InvertJob) -> list[Event]:
    """Return all events of a job; a preview is due after each evaluation."""
    events: list[Event] = []
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, clock=slow_clock(events)).invert(job)
    return events


def inverted(loaded: LoadedModel, job: InvertJob) -> PhotoInverted:
    """Return the result of a job."""
    return next(event for event in events_of(loaded, job) if isinstance(event, PhotoInverted))


def source_in(result: PhotoInverted) -> JsonObject:
    """Return what the root of the record says of the photograph."""
    root = result.record.lineage.root
    assert isinstance(root, TensorRoot)
    return root.source


def calibrate(loaded: LoadedModel, settings: RenderSettings) -> None:
    """Let a tiny model be as regular as a trained one: latents of unit variance, predictions that follow the latents.

    The weights of tiny models are random.  What their autoencoders encode has no unit variance, for which models are
    made.  The noise that a random UNet predicts has nothing to do with its input, so that its steps lead from almost
    any noise to almost the same picture, and have no inverse; that of a trained one is mostly its input.  So 90% of
    what epsilon models predict is replaced by their input.

    What a test with such a model shows: that the latents go the right way through a family's pipeline (shapes, packing,
    scales, timesteps, prompts), and that the equations of a scheduler are those that are solved.  What it does not
    show: how fast the iteration converges, and how Gaussian the noise is.  The Jacobian of a model decides both, and
    this one is close to 0.9 times the identity.  The models of flows and of velocities are left as random as they are,
    and show no more.  Figures of that kind come from the trained model that ships: test_embedded.py and
    tests/benchmarks/engine_inversion.py, which measure it as an epsilon model too.

    Args:
        loaded: The model; it stays so.
        settings: Of the pictures, with a scheduler that can be inverted.
    """
    shape = BatchRenderer(loaded).noise_spec(settings).shape
    measured = Inverter(loaded, settings, shape).map
    part = autoencoder_of(loaded.pipe)
    encode, scale = part.encode, Inverter(loaded, settings, shape)._steps.noise_scale

    def calibrated(*args: Any, **kwargs: Any) -> Any:
        answer = encode(*args, **kwargs)
        if hasattr(answer, "latent_dist"):
            latents = answer.latent_dist.mode()
        else:
            latents = answer.latent if hasattr(answer, "latent") else answer.latents
        noise = measured.to_noise(latents)
        unit = ((noise - noise.mean()) / noise.std() / scale).numpy().ravel()[measured.order]
        known = unit.reshape(measured.latent_shape) * measured.factor + measured.offset
        return SimpleNamespace(latents=torch.from_numpy(known).to(latents.dtype))

    part.encode = calibrated
    if not loaded.own.is_flow and loaded.own.config.get("prediction_type", "epsilon") == "epsilon":
        denoiser = getattr(loaded.pipe, "unet", None) or loaded.pipe.transformer
        if _mostly_input not in denoiser._forward_hooks.values():
            denoiser.register_forward_hook(_mostly_input, with_kwargs=True)


def _mostly_input(_: Any, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> Any:
    latents = inputs[0] if inputs else named["sample" if "sample" in named else "hidden_states"]
    predicted = output[0] if isinstance(output, tuple) else output.sample
    mixed = _FOLLOWS * latents + (1.0 - _FOLLOWS) * predicted[:, : latents.shape[1]]
    predicted = torch.cat([mixed, predicted[:, latents.shape[1] :]], dim=1)
    return (predicted,) if isinstance(output, tuple) else type(output)(sample=predicted)


def as_epsilon_model(pipe: Any) -> RemovableHandle:
    """Let a pipeline with a UNet that predicts velocities predict the noise: epsilon = alpha * v + sigma * x.

    Args:
        pipe: A pipeline with an own scheduler; its steps have to be taken with `prediction_type=epsilon`.

    Returns:
        Its `remove` undoes it.
    """
    products = pipe.scheduler.alphas_cumprod.double()

    def noise(_: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        latents, timestep = inputs[:2]
        place = float(timestep)  # Euler has times between the trained ones
        share = float(np.interp(place, np.arange(len(products)), products.numpy()))
        predicted = share**0.5 * output[0] + (1.0 - share) ** 0.5 * latents
        return (predicted,)

    handle: RemovableHandle = pipe.unet.register_forward_hook(noise)
    return handle
