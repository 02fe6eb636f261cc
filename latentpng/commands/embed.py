"""`latentpng embed`: put the noise that a picture was rendered from into its existing PNG."""

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
    """Add the options of the command."""
    parser.add_argument("file", metavar="FILE", help="the PNG; changed in place unless --out is given")
    parser.add_argument(
        "--noise",
        required=True,
        metavar="X.npy|X.safetensors",
        help="the initial noise, of unit variance, before the scheduler's sigma; float32 and float64 are rounded to "
        "float16",
    )
    parser.add_argument(
        "--settings",
        default="",
        metavar="JSON",
        help="the settings of the render: a JSON object, or the name of a file that holds one",
    )
    parser.add_argument(
        "--axes",
        default="",
        metavar="LETTERS",
        help="one letter for each dimension of the noise, H and W for height and width (default: those that the "
        "noise file names, else L, LC, CHW or NCHW)",
    )
    parser.add_argument("--source", default="", metavar="TEXT", help="a note on where the noise comes from")
    add_output(
        parser,
        "X.png",
        "write the result to this file and leave FILE as it is; - is standard output",
        replaced="a different latent, or an output file,",
    )


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
            pixels=files.digest_of_picture(file),
        )
        embed_into(file, embedded, given.output, force=given.force)
        return ExitCode.OK

    return each([given.file], embed, folders=False)


def _settings(argument: str) -> JsonObject:
    """Return the object of --settings: the argument itself if it starts with a brace, else the file that it names."""
    from latentpng.chunk.strict_json import read_text

    if not argument:
        return {}
    if argument.lstrip().startswith("{"):
        try:
            return read_text(argument)
        except InvalidValueError as error:
            raise InvalidValueError(f"--settings: {error}") from error
    try:
        return read_text(_text_of(argument))
    except InvalidValueError as error:
        raise UnreadableFileError(f"{plain(argument)}: {error}") from error


def _text_of(path: str) -> str:
    """Return the text of a settings file; raise UnreadableFileError when it is too long or not UTF-8."""
    from latentpng.chunk.header import MAX_METADATA

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a Path raises the same errors, later
            data = file.read(MAX_METADATA + 1)
        if len(data) > MAX_METADATA:
            raise UnreadableFileError(f"{plain(path)}: settings have at most {MAX_METADATA} bytes, found more")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{plain(path)}: UTF-8 text is needed, found byte {data[error.start]:#04x}"
        ) from error
    except OSError as error:
        raise UnreadableFileError(f"{plain(path)}: it cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise UnreadableFileError(f"{plain(path)}: this is not a valid file name") from error
