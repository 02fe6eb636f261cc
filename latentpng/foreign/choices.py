"""What a person knows about a picture that its file does not say."""

from __future__ import annotations

from dataclasses import dataclass

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.drawing import RANDOMNESS
from latentpng.foreign.noise.latents import FACTORS
from latentpng.text import brief


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a person knows about a picture. "", 0 and None leave it to the file, or to a default that is reported.

    Attributes:
        tool: The recipe to follow, a key of `RECIPES`.
        randomness: The generator: "cpu", "gpu", "nv" or "numpy".
        gpu: The GPU that drew the noise, as `gpus.capacity_of` takes it.
        channels: The channels of the latent: 4, 16, 32 or 128.
        batch_index: The index of the picture in its batch, from 0.
        batch_size: The number of pictures in that batch.
        dtype: The dtype that was drawn, one of `torch_cpu.DTYPES`.
        arithmetic: The code path of torch's CPU generator, one of `torch_cpu.ARITHMETICS`; the default is "avx2",
            which x86 processors with AVX2 or AVX-512 take.
        picture: Width and height in pixels, used for a file that contains no size.

    Raises:
        InvalidValueError: A value is not one of those named here.
    """

    tool: str = ""
    randomness: str = ""
    gpu: str = ""
    channels: int = 0
    batch_index: int | None = None
    batch_size: int = 0
    dtype: str = ""
    arithmetic: str = ""
    picture: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.randomness not in ("", *RANDOMNESS):
            known = ", ".join(RANDOMNESS)
            raise InvalidValueError(f"randomness must be one of {known}, found {brief(self.randomness)}")
        if self.channels not in (0, *FACTORS):
            raise InvalidValueError(f"channels must be one of {', '.join(map(str, FACTORS))}, found {self.channels}")
        if (self.batch_index or 0) < 0 or self.batch_size < 0:
            raise InvalidValueError("batch_index and batch_size must be 0 or more, found a negative number")
