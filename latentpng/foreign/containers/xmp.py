"""Read the few XMP elements that tools write settings into (Draw Things, stable-diffusion.cpp).

The elements are cut out without an XML parser, so no entity is expanded and no nesting costs memory.
"""

from __future__ import annotations

import re

_ELEMENTS = {
    "exif:UserComment": "UserComment",
    "xmp:CreatorTool": "CreatorTool",
    "sdcpp:parameters": "parameters",
}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_TAG = re.compile(r"<[^<>]*+>")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);")


def xmp_texts(packet: str) -> dict[str, str]:
    """Return the texts of an XMP packet, under the keywords of PNG and the names of EXIF tags; {} when it has none."""
    found = {}
    for element, name in _ELEMENTS.items():
        start = packet.find(f"<{element}>")
        end = packet.find(f"</{element}>", start)
        if start >= 0 and end >= 0:
            found[name] = _ENTITY.sub(_character, _TAG.sub("", packet[start:end])).strip()
    return {name: text for name, text in found.items() if text}


def _character(entity: re.Match[str]) -> str:
    name = entity[1]
    if not name.startswith("#"):
        return _ENTITIES[name]
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
