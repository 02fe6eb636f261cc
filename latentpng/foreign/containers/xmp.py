"""Read the XMP properties that tools write settings or their name into.

The properties are cut out without an XML parser, so no entity is expanded and no nesting costs memory. A property is an
element or an attribute; other properties, and those that are nested in structures, are not looked for.
"""

from __future__ import annotations

import re

_PROPERTIES = {
    "exif:UserComment": "UserComment",
    "xmp:CreatorTool": "CreatorTool",
    "sdcpp:parameters": "parameters",
    "dc:description": "Description",
    "dc:title": "Title",
    "dc:creator": "Author",
    "dc:rights": "Copyright",
    "tiff:ImageDescription": "ImageDescription",
    "tiff:Software": "Software",
    "tiff:Make": "Make",
    "tiff:Model": "Model",
    "tiff:Artist": "Artist",
    "photoshop:Credit": "Credit",
    "photoshop:Source": "Source",
    "Iptc4xmpExt:DigitalSourceType": "DigitalSourceType",
    "iptcExt:DigitalSourceType": "DigitalSourceType",
    "Iptc4xmpExt:DigitalSourcefileType": "DigitalSourceType",
    "Iptc4xmpExt:AISystemUsed": "AISystemUsed",
    "iptcExt:AISystemUsed": "AISystemUsed",
    "Iptc4xmpExt:AIPromptInformation": "AIPromptInformation",
    "iptcExt:AIPromptInformation": "AIPromptInformation",
    "TC260:AIGC": "AIGC",
}
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_TAG = re.compile(r"<[^<>]*+>")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);")
_QUOTED = re.compile(r"""\s{0,4}=\s{0,4}(?:"([^"<]*+)"|'([^'<]*+)')""")


def xmp_texts(packet: str) -> dict[str, str]:
    """Return the texts of an XMP packet, under the keywords of PNG and the names of EXIF tags; {} when it has none."""
    found: dict[str, str] = {}
    for name, keyword in _PROPERTIES.items():
        text = _element(packet, name) or _attribute(packet, name)
        if text:
            found.setdefault(keyword, text)
    if "Description" in found:  # the same property as the caption of IPTC, into which macOS converts it for JPEG
        found["Caption"] = found["Description"]
    return found


def _element(packet: str, name: str) -> str:
    """Return the text of the first element of this name; attributes of its own do not count."""
    start = packet.find(f"<{name}>")
    if start < 0:
        start = packet.find(f"<{name} ")
    end = packet.find(f"</{name}>", start) if start >= 0 else -1
    return _ENTITY.sub(_character, _TAG.sub("", packet[start:end])).strip() if end >= 0 else ""


def _attribute(packet: str, name: str) -> str:
    """Return the value of the first attribute of this name; an element of the same name is not one."""
    start = packet.find(name)
    while start > 0 and packet[start - 1] in "</":  # the tags of elements: at most a few stand before an attribute
        start = packet.find(name, start + len(name))
    value = _QUOTED.match(packet, start + len(name)) if start > 0 and packet[start - 1].isspace() else None
    return "" if value is None else _ENTITY.sub(_character, value[1] or value[2] or "").strip()


def _character(entity: re.Match[str]) -> str:
    name = entity[1]
    if not name.startswith("#"):
        return _ENTITIES[name]
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
