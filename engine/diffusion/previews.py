"""Previews: small pictures of unfinished latents, and how often they are made.

Latents become colours by a tiny autoencoder if the user chose one, which decodes drafts as well, else by a linear map
that is fitted on the first finished picture.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.rendering.events import Picture

_MAX_SIDE = 256
"""Pixels of the longer side of a preview."""
_MIN_SECONDS = 0.15
"""From one preview to the next: the eye follows no more, and a terminal draws no more."""
_MAX_SHARE = 0.025
"""Of the rendering time, that previews may take."""


class PreviewPace:
    """Decides when a preview of one batch is due: after the first step, then as often as previews stay cheap."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Create the pace of one batch.

        Args:
            clock: Returns seconds, as `time.monotonic` does.
        """
        self._clock = clock
        self._next = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether a preview may be made now."""
        return self._clock() >= self._next

    # Previews may take a fortieth of the time, however dear they are.  On a GPU the step is still running when Python
    # gets here, so it is waited for first: its time is not the cost of the preview.
    @contextlib.contextmanager
    def measured(self, latents: torch.Tensor) -> Iterator[None]:
        """Measure the making of a preview of `latents`, and set the time of the next one from it."""
        if latents.is_cuda:
            torch.cuda.synchronize(latents.device)
        began = self._clock()
        yield
        ended = self._clock()
        self._next = began + max(_MIN_SECONDS, (ended - began) / _MAX_SHARE)


class Previewer:
    """Turns latents into pictures as small as the latent grid.

    There are no previews of latents without spatial axes, or in a packing that is not known.
    """

    def __init__(
        self, shape: tuple[int, ...], axes: str, colours: tuple[tuple[float, ...], ...] = (), tiny: Any = None
    ) -> None:
        """Create the previewer of one shape of latents.

        Args:
            shape: The noise of one picture.
            axes: A letter for each axis of `shape`.
            colours: The linear map, if the model brings one: (C + 1) rows of red, green and blue, 0 to 255; the last
                row is added.
            tiny: An AutoencoderTiny, or None.

        Raises:
            ModelError: The latents have another number of channels than `tiny` takes.
        """
        self._shape, self._axes = shape, axes
        self._is_spatial = "H" in axes and "W" in axes
        channels = math.prod(side for side, axis in zip(shape, axes, strict=True) if axis not in "HW")
        self._map: NDArray[np.float64] | None = np.array(colours) if len(colours) == channels + 1 else None
        self._tiny = tiny
        if tiny is not None and (not self._is_spatial or tiny.config.latent_channels != channels):
            raise ModelError(
                f"the preview VAE takes {tiny.config.latent_channels} channels, but the noise of this model has "
                f"{channels} channels (axes {axes}): choose another --preview-vae"
            )

    @property
    def can_show(self) -> bool:
        """Whether latents of this shape can be shown at all, unless they are packed in a way that is not known."""
        return self._is_spatial

    @property
    def fitted(self) -> bool:
        """Whether the colours are known, from the model, the autoencoder or a finished picture."""
        return self._map is not None or self._tiny is not None

    # Latents are nearly linear in the colours of the picture at a lower resolution.  So a least-squares map from the
    # channels (and a constant) to the mean colour of each area is good enough for a preview, in every family.
    def fit(self, latents: NDArray[np.float32], pixels: NDArray[np.uint8]) -> None:
        """Fit the linear map on finished pictures.

        Args:
            latents: (n, *shape), the final latents.
            pixels: (n, height, width, 3), the pictures decoded from them.
        """
        grid = self._grid(latents)
        if not grid.size or not np.isfinite(grid).all():
            return
        colours = np.stack([_shrink(image, grid.shape[1], grid.shape[2]) for image in pixels])
        ones = np.ones((*grid.shape[:-1], 1))
        inputs = np.concatenate([grid, ones], axis=-1).reshape(-1, grid.shape[-1] + 1)
        self._map = np.linalg.lstsq(inputs, colours.reshape(-1, 3), rcond=None)[0]

    def pictures(self, latents: NDArray[np.float32]) -> tuple[Picture, ...]:
        """Return a preview for each entry of `latents`, (n, *shape); empty if there can be none."""
        grid = self._grid(latents)
        if not grid.size:
            return ()
        if self._tiny is not None:
            return tuple(_picture(_small(image)) for image in _decoded(self._tiny, grid))
        colours = _rough(grid) if self._map is None else grid @ self._map[:-1] + self._map[-1]
        return tuple(_picture(image) for image in colours)

    def decoded(self, latents: NDArray[np.float32], check: Callable[[], None]) -> tuple[Picture, ...]:
        """Return what the tiny autoencoder makes of final latents, at full size.

        Args:
            latents: (n, *shape).
            check: Called before each picture; it may raise an exception to cancel.

        Returns:
            A picture for each entry; empty if there is no such autoencoder, or the latents have an unknown packing.
        """
        grid = self._grid(latents)
        if self._tiny is None or not grid.size:
            return ()
        found = []
        for one in grid:
            check()
            found += [_picture(image) for image in _decoded(self._tiny, one[None])]
        return tuple(found)

    def _grid(self, latents: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return latents as (n, H, W, C); empty if they have no such shape."""
        if not self._is_spatial or latents.shape[1:] != self._shape:
            return np.empty((0, 0, 0, 0))
        spatial = (1 + self._axes.index("H"), 1 + self._axes.index("W"))
        grid = np.moveaxis(latents.astype(np.float64), spatial, (1, 2))
        return grid.reshape(*grid.shape[:3], -1)


def _picture(colours: NDArray[np.float64]) -> Picture:
    """Return a picture of (H, W, 3) colours; values outside of 0..255 are cut off."""
    pixels = np.clip(np.nan_to_num(colours), 0.0, 255.0).round().astype(np.uint8)
    return Picture(width=pixels.shape[1], height=pixels.shape[0], rgb=pixels.tobytes())


def _decoded(tiny: Any, grid: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Decode latents, (n, H, W, C), with a tiny autoencoder; return colours, (height, width, 3), of about 0 to 255."""
    latents = torch.from_numpy(grid).permute(0, 3, 1, 2).to(tiny.device, tiny.dtype)
    with torch.no_grad():
        images = tiny.decode(latents).sample.float().cpu().permute(0, 2, 3, 1).numpy()
    return [(image + 1.0) * 127.5 for image in images]


def _small(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shrink a picture to the size of a preview."""
    factor = max(1, math.ceil(max(image.shape[:2]) / _MAX_SIDE))
    return _shrink(image, image.shape[0] // factor, image.shape[1] // factor)


# Before any picture is finished nothing is known of the colours, but shapes are visible in any three channels.  The
# result is kept pale, so that nobody takes its colours for those of the picture.
def _rough(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first three channels as pale colours, normalised for each picture."""
    three = np.resize(np.moveaxis(grid, -1, 0)[:3], (3, *grid.shape[:-1])).transpose(1, 2, 3, 0)
    spread = three.std(axis=(1, 2), keepdims=True) + 1e-6
    centred = (three - three.mean(axis=(1, 2), keepdims=True)) / spread
    pale: NDArray[np.float64] = 127.5 + 15.0 * centred + 30.0 * centred.mean(axis=-1, keepdims=True)
    return pale


def _shrink(image: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    """Return the mean colours of rows x columns areas: (rows, columns, 3)."""
    heights = np.add.reduceat(image.astype(np.float64), np.arange(rows) * image.shape[0] // rows, axis=0)
    sums = np.add.reduceat(heights, np.arange(columns) * image.shape[1] // columns, axis=1)
    means: NDArray[np.float64] = sums / (image.shape[0] / rows * image.shape[1] / columns)
    return means
