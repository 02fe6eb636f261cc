"""What an edit means for the noise: whether it can be drawn at a size, and when it is drawn anew."""

from __future__ import annotations

from engine.errors import InvalidRequestError
from engine.rendering.events import ModelReady
from engine.rendering.settings import RenderSettings
from latentpng.json_fields import is_integer
from latentpng.record import LatentRecord, Lineage, SeedRoot
from latentpng.shapes import octaves, spatial_shape


def check_size(record: LatentRecord, lineage: Lineage, settings: RenderSettings) -> None:
    """Check that a picture can be replayed at the size of new settings.

    Args:
        record: The record of the picture; where its noise has no spatial axes, only the root is checked.
        lineage: The lineage of the picture.
        settings: The new settings.

    Raises:
        InvalidRequestError: It cannot.
    """
    size = f"{settings.width}x{settings.height}"
    if not isinstance(lineage.root, SeedRoot):
        raise InvalidRequestError(
            f"the size cannot change to {size}: the noise of this picture is stored and has no seed, so it exists at "
            "one size only"
        )
    bands = next((len(round_.bands) for round_ in lineage.rounds if round_.bands), 0)
    sides = _sides_at(record, settings)
    here = octaves(sides, "HW") if all(sides) else 0
    if bands and here and here != bands:
        raise InvalidRequestError(
            f"the size cannot change to {size}: the rounds of this picture move {bands} octaves of its noise, and at "
            f"that size there are {here}; choose a size whose shorter side is about as long as now"
        )
    masks = [round_.region.split("/") for round_ in lineage.rounds if round_.region]
    rows, columns = max(map(len, masks), default=0), max((len(mask[0]) for mask in masks), default=0)
    if all(sides) and (rows > sides[0] or columns > sides[1]):
        raise InvalidRequestError(
            f"the size cannot change to {size}: the rounds of this picture move parts of it that are drawn in {rows} x "
            f"{columns} cells, and at that size its noise has {sides[0]} x {sides[1]}; choose a larger size"
        )


def size_notice(settings: RenderSettings) -> str:
    """Return the sentence that says what a new size does to the noise."""
    return (
        f"at {settings.width}x{settings.height} the noise is drawn anew from the same seeds, so expect a different "
        "picture"
    )


def noise_notice(record: LatentRecord, ready: ModelReady) -> str:
    """Return a sentence when a model draws noise of a different shape than the picture's; "" otherwise.

    Args:
        record: The record of the picture.
        ready: The model that was loaded.
    """
    size = record.settings.get("width"), record.settings.get("height")
    now = ready.request.settings.width, ready.request.settings.height
    if size != now or not isinstance(record.lineage.root, SeedRoot):  # a new size, or stored noise, is said elsewhere
        return ""
    return _shape_notice(record.tensor.shape, ready.noise_shape)


def other_noise_notice(before: ModelReady, ready: ModelReady) -> str:
    """Return the same sentence when a model draws noise of a different shape than the one that was loaded before."""
    sizes = {(each.request.settings.width, each.request.settings.height) for each in (before, ready)}
    return "" if len(sizes) > 1 else _shape_notice(before.noise_shape, ready.noise_shape)


def _shape_notice(before: tuple[int, ...], now: tuple[int, ...]) -> str:
    if before == now:
        return ""
    shapes = [" x ".join(map(str, shape)) for shape in (now, before)]
    return (
        f"this model starts from noise of {shapes[0]} values and the picture from {shapes[1]}: the noise is drawn anew "
        "from the same seeds, so expect a different picture"
    )


def _sides_at(record: LatentRecord, settings: RenderSettings) -> tuple[int, int]:
    """Return height and width of the noise at a size, judged by the picture's own noise and size.

    (0, 0) when they are not known, or it has no spatial axes.
    """
    side = spatial_shape(record.tensor.shape, record.axes)
    then = record.settings.get("height"), record.settings.get("width")
    now = settings.height, settings.width
    cells = [
        new * cells // old
        for cells, old, new in zip(side, then, now, strict=True)
        if is_integer(old) and old > 0 and new * cells % old == 0
    ]
    return (cells[0], cells[1]) if len(cells) == 2 and min(cells) > 0 else (0, 0)
