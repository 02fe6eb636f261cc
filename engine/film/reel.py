"""The reel of a film: frames are encoded as soon as their pictures are there, and wait in a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.errors import InvalidRequestError
from engine.film.containers.apng import Apng
from engine.film.containers.container import Container, Sheet
from engine.film.containers.gif import Gif
from engine.film.containers.webp import WebP
from engine.film.frames import image_of, line_height, mixed, with_words
from engine.film.plan import FilmFrame, FilmPlan
from latentpng.png.atomic import write_file

if TYPE_CHECKING:
    from PIL import Image

    from engine.rendering.events import Picture

CONTAINERS: Mapping[str, Callable[[], Container]] = MappingProxyType(
    {".webp": WebP, ".gif": Gif, ".apng": Apng, ".png": Apng}
)
"""The kinds of animations by the end of their file name."""
_MAX_BYTES_IN_MEMORY = 16 * 2**20


def container_for(path: Path) -> Container:
    """Return what writes an animation.

    Raises:
        InvalidRequestError: The end of the name says no kind of animation.
    """
    kind = CONTAINERS.get(path.suffix.lower())
    if kind is None:
        raise InvalidRequestError(f"{path}: an animation ends in .webp, .gif, .apng or .png")
    return kind()


class Reel:
    """The frames of a film, in order.  A picture is kept only while a frame that shows it is still to come."""

    def __init__(self, path: Path, plan: FilmPlan, size: tuple[int, int], *, words: bool = False) -> None:
        """Begin with no frame.

        Args:
            path: The file of the film; nothing is written there before `write`.
            plan: What the film is made of.
            size: The width and height of its pictures.
            words: Write under each frame which picture of the way it shows.

        Raises:
            InvalidRequestError: The end of the name says no kind of animation.
        """
        self.path = path
        self._container = container_for(path)
        self._plan, self._size, self._words = plan, size, words
        self._images: dict[int, Image.Image] = {}
        self._done = 0
        self._lengths: list[int] = []
        self._seconds = 0.0
        self._file = tempfile.SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY)  # noqa: SIM115 (`close` closes it)

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the film, its words included."""
        return self._size[0], self._size[1] + (line_height(self._size[1]) if self._words else 0)

    def take(self, index: int, picture: Picture) -> None:
        """Take a picture of the plan, and encode all frames that are possible now.

        Args:
            index: Its index in the plan.
            picture: Its pixels.
        """
        if not any(index in (frame.picture, frame.other) for frame in self._plan.frames[self._done :]):
            return
        self._images[index] = image_of(picture, self._size)
        while self._done < len(self._plan.frames):
            frame = self._plan.frames[self._done]
            if frame.picture not in self._images or frame.other not in self._images:
                return
            self._encode(frame)
            self._done += 1
            self._forget()

    def write(self, *, replace: bool = False) -> Path:
        """Write the film, whole or not at all, and return its file.

        Args:
            replace: Replace a file that exists; else the film gets a similar name then.

        Raises:
            UnwritableFileError: The file cannot be written.
        """
        width, height = self.size
        sheet = Sheet(width=width, height=height, frames=len(self._lengths), length=sum(self._lengths))
        return write_file(self.path, self._container.join(sheet, self._frames()), replace=replace)

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()

    def _encode(self, frame: FilmFrame) -> None:
        image = mixed(self._images[frame.picture], self._images[frame.other], frame.mix)
        if self._words:
            image = with_words(image, self._plan.way.stops[frame.stop].words)
        # Rounding each frame by itself would make a long film longer or shorter: so ends are rounded, not lengths.
        begin, self._seconds = self._seconds, self._seconds + frame.seconds
        milliseconds = round(self._seconds * 1000) - round(begin * 1000)
        encoded = self._container.encode(image, milliseconds, len(self._lengths))
        self._file.write(encoded)
        self._lengths.append(len(encoded))

    def _forget(self) -> None:
        """Forget the pictures that no later frame shows."""
        later = {index for frame in self._plan.frames[self._done :] for index in (frame.picture, frame.other)}
        self._images = {index: image for index, image in self._images.items() if index in later}

    def _frames(self) -> Iterator[bytes]:
        self._file.seek(0)
        for length in self._lengths:
            yield self._file.read(length)
