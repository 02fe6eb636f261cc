"""Small pictures of what is becoming: latents to colours by a tiny autoencoder, where one was asked for.

Else by a linear map, fitted on the first finished picture.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.rendering.events import Picture

_LARGEST = 256
"""Pixels of the longer side of a preview."""


class Previewer:
    """Turns latents into pictures as small as the latent grid.

    axes: of one picture's noise.  colours: (C + 1) rows of 3, when the model brings them.  tiny: an AutoencoderTiny;
    ModelError when the latents have another number of channels than it takes.
    Where there are no spatial axes, or the latents are packed in a way that cannot be undone, there are no previews.
    """

    def __init__(
        self, shape: tuple[int, ...], axes: str, colours: tuple[tuple[float, ...], ...] = (), tiny: Any = None
    ) -> None:
        self._shape, self._axes = shape, axes
        self._spatial = "H" in axes and "W" in axes
        channels = math.prod(side for side, axis in zip(shape, axes, strict=True) if axis not in "HW")
        self._map: NDArray[np.float64] | None = np.array(colours) if len(colours) == channels + 1 else None
        self._tiny = tiny
        if tiny is not None and (not self._spatial or tiny.config.latent_channels != channels):
            raise ModelError(
                f"the preview VAE takes {tiny.config.latent_channels} channels, "
                f"the noise of this model has the axes {axes} and {channels} channels"
            )

    @property
    def fitted(self) -> bool:
        """Are the colours known, from the model or from a finished picture?"""
        return self._map is not None or self._tiny is not None

    def fit(self, latents: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
        """Learns from finished pictures.  latents: (n, *shape); pixels: (n, height, width, 3)."""
        grid = self._grid(latents)
        if not grid.size or not np.isfinite(grid).all():
            return
        colours = np.stack([_shrink(image, grid.shape[1], grid.shape[2]) for image in pixels])
        ones = np.ones((*grid.shape[:-1], 1))
        inputs = np.concatenate([grid, ones], axis=-1).reshape(-1, grid.shape[-1] + 1)
        self._map = np.linalg.lstsq(inputs, colours.reshape(-1, 3), rcond=None)[0]

    def pictures(self, latents: NDArray[np.float32]) -> tuple[Picture, ...]:
        """One small picture per entry of `latents`: (n, *shape); () when there can be none."""
        grid = self._grid(latents)
        if not grid.size:
            return ()
        if self._tiny is not None:
            return tuple(_picture(image) for image in _decoded(self._tiny, grid))
        colours = _rough(grid) if self._map is None else grid @ self._map[:-1] + self._map[-1]
        return tuple(_picture(image) for image in colours)

    def _grid(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, H, W, C) in double; empty when this cannot be."""
        if not self._spatial or latents.shape[1:] != self._shape:
            return np.empty((0, 0, 0, 0))
        places = (1 + self._axes.index("H"), 1 + self._axes.index("W"))
        moved = np.moveaxis(latents.astype(np.float64), places, (1, 2))
        return moved.reshape(*moved.shape[:3], -1)


def unpacked(pipe: Any, latents: torch.Tensor, shape: tuple[int, ...], height: int, width: int) -> NDArray[np.float32]:
    """Latents as (n, *shape), float32 on the CPU; as they are when a pipeline packs them in its own way."""
    unpack = getattr(pipe, "_unpack_latents", None)
    if tuple(latents.shape[1:]) != shape and unpack is not None:
        known = {"latents": latents, "height": height, "width": width}
        known["vae_scale_factor"] = getattr(pipe, "vae_scale_factor", 8)
        if set(inspect.signature(unpack).parameters) == set(known):
            latents = unpack(**known)
    array: NDArray[np.float32] = latents.detach().float().cpu().numpy()
    if len(shape) == 3 and array.shape[1:] == (shape[1] * shape[2], shape[0]):  # a token a place (Flux.2)
        array = np.moveaxis(array, 1, 2)
    elif [side for side in array.shape[1:] if side > 1] != [side for side in shape if side > 1]:
        return array
    return array.reshape(array.shape[0], *shape)


def _picture(colours: NDArray[np.float64]) -> Picture:
    """colours: (H, W, 3), 0 to 255; what is beyond is cut off."""
    pixels = np.clip(np.nan_to_num(colours), 0.0, 255.0).round().astype(np.uint8)
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.tobytes())


def _decoded(tiny: Any, grid: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """By a tiny autoencoder, then as small as a preview has to be."""
    latents = torch.from_numpy(grid).permute(0, 3, 1, 2).to(tiny.device, tiny.dtype)
    with torch.no_grad():
        images = tiny.decode(latents).sample.float().cpu().permute(0, 2, 3, 1).numpy()
    coarser = max(1, math.ceil(max(images.shape[1:3]) / _LARGEST))
    return [_shrink((image + 1.0) * 127.5, image.shape[0] // coarser, image.shape[1] // coarser) for image in images]


def _rough(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first three channels, spread over the range of colours, pale because the colours are not the right ones."""
    three = np.resize(np.moveaxis(grid, -1, 0)[:3], (3, *grid.shape[:-1])).transpose(1, 2, 3, 0)
    spread = three.std(axis=(1, 2), keepdims=True) + 1e-6
    centred = (three - three.mean(axis=(1, 2), keepdims=True)) / spread
    pale: NDArray[np.float64] = 127.5 + 15.0 * centred + 30.0 * centred.mean(axis=-1, keepdims=True)
    return pale


def _shrink(image: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    """Means over areas: (rows, columns, 3)."""
    heights = np.add.reduceat(image.astype(np.float64), np.arange(rows) * image.shape[0] // rows, axis=0)
    sums = np.add.reduceat(heights, np.arange(columns) * image.shape[1] // columns, axis=1)
    means: NDArray[np.float64] = sums / (image.shape[0] / rows * image.shape[1] / columns)
    return means
