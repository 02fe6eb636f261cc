"""`latentpng embed`: give a PNG that exists the noise that it was rendered from."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from latentpng.commands.embedding import check_places, embed_into
from latentpng.commands.inputs import each
from latentpng.commands.output import add_output, say
from latentpng.errors import ExitCode, InvalidValueError, UnreadableFileError
from latentpng.text import plain

if TYPE_CHECKING:
    from latentpng.record import JsonObject


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments."""
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--noise",
        required=True,
        metavar="X.npy|X.safetensors",
        help="unit noise, before the scheduler's sigma; float32 and float64 are rounded to float16",
    )
    parser.add_argument("--settings", default="", metavar="JSON", help="how it was rendered: an object, or its file")
    parser.add_argument("--axes", default="", help="one letter a dimension, H and W for the spatial ones")
    parser.add_argument("--source", default="", metavar="TEXT", help="where the noise is from")
    add_output(parser, "X.png", "write a copy instead; - is standard output", replaced="another latent, or an output,")


def run(given: argparse.Namespace) -> ExitCode:
    """Embed the noise."""

    def embed(file: str) -> ExitCode:
        from latentpng import record, shapes
        from latentpng.arrays import read_noise
        from latentpng.noise import replay
        from latentpng.png import files

        check_places(file, given.output, force=given.force)
        found = read_noise(given.noise)
        for note in found.notes:
            say(note)
        root = record.TensorRoot(source={"note": given.source} if given.source else {})
        embedded = replay.record_of(
            record.Lineage(root=root),
            found.noise,
            axes=given.axes or found.axes or shapes.default_axes(found.noise.ndim),
            root_tensor=found.noise,
            settings=_settings(given.settings),
            pixels=files.pixel_digest(files.read_picture(file)[2]),
        )
        embed_into(file, embedded, given.output, force=given.force)
        return ExitCode.OK

    return each([given.file], embed, folders=False)


def _settings(text: str) -> JsonObject:
    """The object of --settings: the text itself when it starts with a brace, else that of the file it names."""
    from latentpng.chunk.strict_json import read_text

    if not text:
        return {}
    if text.lstrip().startswith("{"):
        try:
            return read_text(text)
        except InvalidValueError as error:
            raise InvalidValueError(f"--settings: {error}") from error
    try:
        return read_text(_text_of(text))
    except InvalidValueError as error:
        raise UnreadableFileError(f"{plain(text)}: {error}") from error


def _text_of(path: str) -> str:
    from latentpng.chunk.header import MAX_METADATA

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as opening.py does
            data = file.read(MAX_METADATA + 1)
        if len(data) > MAX_METADATA:
            raise UnreadableFileError(f"{plain(path)}: settings of at most {MAX_METADATA} bytes needed, found more")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{plain(path)}: UTF-8 needed, found byte {data[error.start]:#04x}") from error
    except OSError as error:
        raise UnreadableFileError(f"{plain(path)}: it cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise UnreadableFileError(f"{plain(path)}: no file has such a name") from error
