"""The tools that people run over their PNGs, and the ways in which they run them.

Nothing is installed here: a tool that is not there has no version, and its ways are passed over.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias

Action: TypeAlias = Callable[[Path, Path], None]
_PATIENCE = 120  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to run one tool.

    options: as a person would type or write them.  run: reads the first file and writes the second.
    version: words that print the version of a command; () for a package of Python, whose metadata have it.
    named: how that output has to begin, for programs whose name others use too.
    """

    tool: str
    options: str
    run: Action
    version: tuple[str, ...] = ()
    named: str = ""

    @property
    def name(self) -> str:
        """Tool and options."""
        return f"{self.tool} {self.options}".strip()

    @property
    def installed(self) -> str:
        """The version of the installed tool, "" when it is not there; "installed" when it does not say its own."""
        return _version_of(self.tool, self.version, self.named)


@cache
def _version_of(tool: str, words: tuple[str, ...], named: str) -> str:
    if not words:
        try:
            return version(tool)
        except PackageNotFoundError:
            return ""
    if shutil.which(words[0]) is None:
        return ""
    said = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=_PATIENCE)
    if not said.stdout.startswith(named.encode()):
        return ""
    found = re.search(rb"\d+\.\d[\w.-]*", said.stdout + said.stderr)
    return found[0].decode() if found else "installed"


def _command(tool: str, options: str, line: str, version: str, named: str = "") -> Way:
    """A command line in which FROM and TO stand for the files."""

    def run(source: Path, target: Path) -> None:
        places = {"FROM": str(source), "TO": str(target)}
        words = [places.get(word, word.replace("TO", str(target))) for word in shlex.split(line)]
        subprocess.run(words, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE)

    return Way(tool=tool, options=options, run=run, version=tuple(version.split()), named=named)


def _in_place(tool: str, options: str, line: str, version: str, named: str = "") -> Way:
    """A command line that changes TO, which is a copy of FROM."""
    command = _command(tool, options, line, version, named)

    def run(source: Path, target: Path) -> None:
        shutil.copy(source, target)
        command.run(source, target)

    return Way(tool=tool, options=options, run=run, version=command.version, named=named)


def _oxipng(strip: str) -> Way:
    def run(source: Path, target: Path) -> None:
        oxipng = import_module("oxipng")
        chunks = {"none": oxipng.StripChunks.none, "safe": oxipng.StripChunks.safe, "all": oxipng.StripChunks.all}
        oxipng.optimize(source, target, level=1, strip=chunks[strip]())

    return Way(tool="pyoxipng", options=f"strip={strip}", run=run)


def _pyvips(options: str, **keep: str) -> Way:
    def run(source: Path, target: Path) -> None:
        import_module("pyvips").Image.new_from_file(str(source)).write_to_file(str(target), **keep)

    return Way(tool="pyvips", options=options, run=run)


def _pillow_save(source: Path, target: Path) -> None:
    from PIL import Image

    with Image.open(source) as image:
        image.save(target)


def _pillow_save_with_texts(source: Path, target: Path) -> None:
    """As A1111 and many scripts do it: every text is put back."""
    from PIL import Image, PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    with Image.open(source) as image:
        for keyword, text in image.info.items():
            if isinstance(keyword, str) and isinstance(text, str):
                texts.add_text(keyword, text)
        image.save(target, pnginfo=texts)


_OPTIPNG, _CRUSH, _EXIV2 = "optipng --version", "pngcrush -version", "exiv2 --version"
_EXIFTOOL, _GM = "exiftool -ver", "gm version"
_MAGICK = "Version: ImageMagick"  # GraphicsMagick and wrappers install a program called convert as well
_ZOPFLI, _QUANT = "zopflipng --help", "pngquant --version"

WAYS = (
    _command("optipng", "-o1", "optipng -quiet -o1 -out TO FROM", _OPTIPNG),
    _command("optipng", "-strip all", "optipng -quiet -o1 -strip all -out TO FROM", _OPTIPNG),
    _command("pngcrush", "", "pngcrush -q FROM TO", _CRUSH),
    _command("pngcrush", "-rem alla", "pngcrush -q -rem alla FROM TO", _CRUSH),
    _command("zopflipng", "", "zopflipng --iterations=1 --filters=0 FROM TO", _ZOPFLI),
    _command(
        "zopflipng",
        "--keepchunks=laTn,tEXt",
        "zopflipng --iterations=1 --filters=0 --keepchunks=laTn,tEXt FROM TO",
        _ZOPFLI,
    ),
    _command("pngquant", "", "pngquant --output TO FROM", _QUANT),
    _command("pngquant", "--strip", "pngquant --strip --output TO FROM", _QUANT),
    _command("pngfix", "", "pngfix --out=TO FROM", "pngfix --version"),
    _oxipng("none"),
    _oxipng("safe"),
    _oxipng("all"),
    _in_place("exiftool", "-Artist=me", "exiftool -q -overwrite_original -Artist=me TO", _EXIFTOOL),
    _in_place("exiftool", "-all=", "exiftool -q -overwrite_original -all= TO", _EXIFTOOL),
    _in_place("exiv2", "-M 'set ...'", "exiv2 -M 'set Exif.Image.Artist me' TO", _EXIV2),
    _in_place("exiv2", "rm", "exiv2 rm TO", _EXIV2),
    _command("ImageMagick", "convert", "convert FROM TO", "convert -version", _MAGICK),
    _command("ImageMagick", "convert -strip", "convert FROM -strip TO", "convert -version", _MAGICK),
    _in_place("ImageMagick", "mogrify -resize 50%", "mogrify -resize 50% TO", "mogrify -version", _MAGICK),
    _command("GraphicsMagick", "convert", "gm convert FROM TO", _GM),
    _command("GraphicsMagick", "convert -strip", "gm convert FROM -strip TO", _GM),
    _command("libvips", "vips copy", "vips copy FROM TO", "vips --version"),
    _command("libvips", "vipsthumbnail", "vipsthumbnail FROM --size 32 -o TO", "vips --version"),
    _pyvips("write_to_file"),
    _pyvips("keep=none", keep="none"),
    _command("ffmpeg", "-i", "ffmpeg -loglevel error -i FROM TO", "ffmpeg -version"),
    Way(tool="Pillow", options="save", run=_pillow_save),
    Way(tool="Pillow", options="save(pnginfo=)", run=_pillow_save_with_texts),
)
