"""From the blocks of metadata that several formats share (EXIF, XMP, IPTC, C2PA) to texts by keyword."""

from __future__ import annotations

import re

from latentpng.foreign.containers.exif import bytes_text, exif_texts
from latentpng.foreign.containers.found import Collection, Texts
from latentpng.foreign.containers.segments import COMMENT, EXIF, MANIFEST, RESOURCES, XMP

_RANKS = {COMMENT: 0, EXIF: 1, XMP: 2, RESOURCES: 3, MANIFEST: 4}  # the texts of PNG have rank 0
_PREFIXED = re.compile(
    r"(prompt|workflow)\s*:\s*(?=\{)|([A-Za-z_]\w{0,39})\s{0,2}:\s{0,2}(?=\{\s{0,8}\")", re.IGNORECASE
)


def add_block(found: Collection, kind: str, data: bytes) -> None:
    """Collect the texts of a block.

    Args:
        found: Where the texts are collected.
        kind: EXIF, XMP, COMMENT, RESOURCES or MANIFEST.
        data: Its bytes, without the header of its segment or chunk.
    """
    for keyword, text in _texts(kind, data).items():
        found.add(keyword, text, _RANKS[kind])


def _texts(kind: str, data: bytes) -> Texts:
    """Return the texts of a block.  What reads the rarer kinds is imported when it is needed."""
    if kind == EXIF:
        return _unpacked(exif_texts(data))
    if kind == COMMENT:
        return {"Comment": bytes_text(data).rstrip("\0")}
    if kind == RESOURCES:
        from latentpng.foreign.containers.iptc import photoshop_texts

        return photoshop_texts(data)
    if kind == MANIFEST:
        from latentpng.foreign.containers.c2pa import c2pa_texts

        return c2pa_texts(data)
    from latentpng.foreign.containers.xmp import xmp_texts

    return xmp_texts(bytes_text(data))


def _unpacked(tags: Texts) -> dict[str, str]:
    """Return EXIF texts under the keywords of PNG.

    ComfyUI writes `prompt:{...}` into tags, because tags have no keyword; Fooocus writes its scheme into MakerNote.
    """
    found: dict[str, str] = {}
    for name, text in tags.items():
        prefix = _PREFIXED.match(text)
        if prefix:
            word = prefix[1].lower() if prefix[1] else prefix[2]
            found.setdefault(word, text[prefix.end() :])
        else:
            found["fooocus_scheme" if name == "MakerNote" else name] = text
    return found
