"""What a tool left of a latent: which carriers are in its file, and what `latentpng` can still read from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from latentpng.errors import ExitCode, NoLatentError
from latentpng.noise.replay import digest, replay
from latentpng.png.files import read_record
from latentpng.reports.show import inspect_file, lines
from latentpng.reports.verify import verify_file
from tests.support.latentpng import independent


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftovers:
    """What is left in a file.

    Attributes:
        chunk: Type of the PNG chunk with the latent, and ", behind" if it stands behind the pixels; "" for none.
        twin: The same for the text chunk with the latent's metadata.
        parameters: The same for the text chunk `parameters`, which other tools read.
        inspected: The carrier that `inspect` names; "" for none.
        verified: Exit code of `verify`.
        node: SHA-256 of the noise that the lineage in the file replays; "" for none.
    """

    chunk: str
    twin: str
    parameters: str
    inspected: str
    verified: ExitCode
    node: str


def leftovers(path: Path) -> Leftovers:
    """Return what is left of a latent in a complete PNG."""
    carriers = {"laTn": "", "latentpng": "", "parameters": ""}
    behind = ""
    for kind, data in independent.png_chunks(path.read_bytes()):
        if kind == b"IDAT":
            behind = ", behind"
        text = kind in (b"tEXt", b"zTXt", b"iTXt")
        name = data.partition(b"\0")[0].decode("latin-1") if text else kind.decode()
        if name in carriers:
            carriers[name] = carriers[name] or f"{kind.decode()}{behind}"
    inspected, node = "", ""
    try:
        inspected = re.split("[:;]", lines(inspect_file(path))[0].split()[1])[0]
        record = read_record(path)
        node = digest(replay(record.lineage, record.tensor.shape, record.axes, record.root_tensor))
    except NoLatentError:
        pass
    return Leftovers(
        chunk=carriers["laTn"],
        twin=carriers["latentpng"],
        parameters=carriers["parameters"],
        inspected=inspected,
        verified=verify_file(path).exit_code,
        node=node,
    )
