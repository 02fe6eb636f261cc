"""The frozen values of the format: what a file says, with every rule checked on construction.

Pure data: nothing here reads files or computes noise.  `rules.py` has the rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union

from latentpng.errors import InvalidValueError
from latentpng.rules import (
    MAX_ROUNDS,
    check_digest,
    check_round_fits,
    check_round_values,
    check_seed,
    check_work,
    work_of,
)
from latentpng.shapes import MAX_STORED, check_dims, check_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007 (recursive: `|` on a string fails)
JsonObject: TypeAlias = Mapping[str, Json]

GAUSS1 = "gauss1"


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedRoot:
    """A root whose noise is drawn from a seed: float16 of gauss1(seed, stream 0).

    Attributes:
        seed: 0 to 2^64 - 1.
        extra: Keys that this version does not know; they are written back when the file is rewritten.
    """

    seed: int
    extra: JsonObject = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the rules of the format."""
        check_seed("root seed", self.seed)


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorRoot:
    """A root whose noise came from elsewhere, so that the file has to store it.

    Attributes:
        source: Where the noise came from, a JSON object.
        extra: Keys that this version does not know; they are written back when the file is rewritten.
    """

    source: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)


Root: TypeAlias = SeedRoot | TensorRoot


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One step of a lineage: candidates were drawn, and the marked ones became the next state.

    Attributes:
        seed: The seed that the candidates are drawn from, 0 to 2^64 - 1.
        scale: 0 to 1; the next state keeps sqrt(1 - scale^2) of its parent.
        of: The number of candidates, 1 to 64.
        marks: The indices of the marked candidates, each once, at least one.
        bands: One factor on `scale` per octave, coarsest first; () if all octaves move alike.
        region: Rows of "0" and "1" joined by "/", a coarse grid over H x W: "1" may move; "" if every cell may move.
        prompt_scale: 0 to 1; how far the embedding of the prompt moves (noise/prompt_offset.py).  The noise does not
            depend on it.
        settings: The settings that are new from this round on, as in the file's `settings`; None for one that is left
            out from here on.
        before: The values that they replaced; None for one that was not there.
        extra: Keys that this version does not know; they are written back when the file is rewritten.
    """

    seed: int
    scale: float
    of: int = 1
    marks: tuple[int, ...] = (0,)
    bands: tuple[float, ...] = ()
    region: str = ""
    prompt_scale: float = 0.0
    settings: JsonObject = field(default_factory=dict)
    before: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the rules of the format."""
        check_seed("round seed", self.seed)
        check_round_values(self.of, self.marks, self.scale, self.bands, self.region, self.prompt_scale)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """A root, and the rounds that lead from it to the initial noise of a picture.

    Attributes:
        root: Where the noise starts.
        rounds: The rounds, in the order in which they are applied; at most 4,096.
        noise: The name of the generator.
    """

    root: Root
    rounds: tuple[Round, ...] = ()
    noise: str = GAUSS1

    def __post_init__(self) -> None:
        """Check the rules of the format."""
        if len(self.rounds) > MAX_ROUNDS:
            raise InvalidValueError(f"at most {MAX_ROUNDS} rounds, found {len(self.rounds)}")

    @property
    def moves_prompt(self) -> bool:
        """Whether a round moves the embedding of the prompt."""
        return any(round_.prompt_scale for round_ in self.rounds)

    def child(self, round_: Round) -> Lineage:
        """Return this lineage with one more round."""
        return Lineage(root=self.root, rounds=(*self.rounds, round_), noise=self.noise)

    def ancestor(self, rounds: int) -> Lineage:
        """Return the lineage after the first `rounds` rounds; 0 is the root.

        Raises:
            InvalidValueError: If there are fewer rounds.
        """
        if not 0 <= rounds <= len(self.rounds):
            raise InvalidValueError(f"round {rounds} requested, but the picture has {len(self.rounds)} (0 is the root)")
        return Lineage(root=self.root, rounds=self.rounds[:rounds], noise=self.noise)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What a picture's file says besides the noise itself.

    Attributes:
        lineage: The root and the rounds.
        axes: One letter per axis of the noise; H and W are the spatial ones ("CHW", "1CHW", "1HWC", "LC").
        node: SHA-256 (hex) of the replayed state as little-endian float16: the identity of the initial noise.
        pixels: SHA-256 (hex) of the decoded RGB bytes of the picture; "" if unknown.
        settings: How the picture was rendered, a JSON object.
        software: What rendered it, a JSON object.
        extra: Top-level keys that this version does not know; they are written back when the file is rewritten.
    """

    lineage: Lineage
    axes: str
    node: str
    pixels: str = ""
    settings: JsonObject = field(default_factory=dict)
    software: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the rules of the format."""
        check_digest("node", self.node)
        if self.pixels:
            check_digest("pixels", self.pixels)

    @property
    def base(self) -> int:
        """How many rounds the stored noise went through: all of them for a seeded root, none for a tensor root."""
        return len(self.lineage.rounds) if isinstance(self.lineage.root, SeedRoot) else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentRecord:
    """What a picture's file says: metadata and the stored noise.

    Attributes:
        metadata: All but the noise.  Its fields can also be read from the record.
        tensor: float16, 1 to 4 axes, read-only: the stored noise, which is the state after `base` rounds; unit
            variance, before the scheduler's sigma scaling.
    """

    metadata: Metadata
    tensor: NDArray[np.float16] = field(compare=False)

    def __post_init__(self) -> None:
        """Check the rules of the format."""
        if self.tensor.dtype.str[1:] != "f2":
            raise InvalidValueError(f"noise is float16, found {self.tensor.dtype}")
        check_shape(self.tensor.shape, self.axes)
        if isinstance(self.lineage.root, TensorRoot):
            check_dims(self.tensor.shape, MAX_STORED)
        check_rounds(self.lineage, self.tensor.shape, self.axes)

    @property
    def lineage(self) -> Lineage:
        """The root and the rounds."""
        return self.metadata.lineage

    @property
    def axes(self) -> str:
        """One letter per axis of the noise."""
        return self.metadata.axes

    @property
    def node(self) -> str:
        """SHA-256 (hex) of the initial noise."""
        return self.metadata.node

    @property
    def pixels(self) -> str:
        """SHA-256 (hex) of the RGB bytes, or ""."""
        return self.metadata.pixels

    @property
    def settings(self) -> JsonObject:
        """How the picture was rendered."""
        return self.metadata.settings

    @property
    def software(self) -> JsonObject:
        """What rendered the picture."""
        return self.metadata.software

    @property
    def extra(self) -> JsonObject:
        """Top-level keys that this version does not know."""
        return self.metadata.extra

    @property
    def base(self) -> int:
        """How many rounds `tensor` went through."""
        return self.metadata.base

    @property
    def root_tensor(self) -> NDArray[np.float16] | None:
        """The stored noise of a tensor root; None for a seeded root, which needs none."""
        return self.tensor if isinstance(self.lineage.root, TensorRoot) else None


def check_round(round_: Round, shape: tuple[int, ...], axes: str) -> None:
    """Raise InvalidValueError unless the bands and the region of a round fit noise of this shape."""
    check_round_fits(round_.bands, round_.region, shape, axes)


def check_rounds(lineage: Lineage, shape: tuple[int, ...], axes: str) -> None:
    """Raise InvalidValueError unless every round fits noise of this shape and the replay takes a bearable time."""
    for round_ in lineage.rounds:
        check_round(round_, shape, axes)
    check_work(math.prod(shape) * sum(work_of(round_.of) for round_ in lineage.rounds))
