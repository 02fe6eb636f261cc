"""Text that no reader understands: it is named, so that nobody takes the picture for one without any.

Some keywords are written by picture generators alone, and any text under them is named. Cameras, editors and screenshot
programs write comments and descriptions too; theirs are left out, unless they look like settings.
"""

from __future__ import annotations

import re
from itertools import islice

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json

TOOL = "unknown"
TEXTS = "texts"
"""The field that lists the texts and their lengths."""
MAX_NAMED = 16
MAX_SEARCHED = 4000  # characters of a text that are searched for signs of settings
_OWN_KEYWORDS = frozenset(
    {
        "parameters", "parameters-json", "prompt", "negative_prompt", "negative prompt", "workflow", "dream",
        "sd-metadata", "metadata", "invokeai_metadata", "invokeai_graph", "invokeai_workflow", "generation_data",
        "generation_info", "generation_parameters", "extrametadata", "smproj", "nmkdiffusion", "sdcpp",
        "seed", "steps", "sampler", "cfg", "cfg_scale", "guidance_scale", "model", "settings", "aigc", "aigc_info",
        "params", "sd_metadata", "imageinfo", "hf-job-id", "ai_metadata",
    }
)  # fmt: skip
"""Keywords, in lower case, under which only picture generators write."""
_TELLING_KEYWORD = re.compile(r"prompt|param|generation|diffusion|workflow|dream|sampler", re.IGNORECASE)
_COMMENTS = ("Comment", "UserComment", "Description")
_SHARED_KEYWORDS = (*_COMMENTS, "ImageDescription", "XPComment", "Caption")
"""Keywords that other programs use too; people write descriptions, so only the comments may be any text."""
_CAMERA = "Make"
_PROGRAMS = ("Software", "CreatorTool")
_EDITOR = re.compile(
    r"photoshop|lightroom|gimp|paint|affinity|capture one|darktable|rawtherapee|snapseed|pixelmator|picasa|screenshot"
    r"|gnome|spectacle|imagemagick|inkscape|matplotlib|ffmpeg|lavf|android|\bios\b|windows|xv version|adobe",
    re.IGNORECASE,
)
_CAMERA_TAGS = ("Make", "Model", "Software", "DigitalSourceType", "C2PA")
_PACKETS = ("XML:com.adobe.xmp",)  # read by its properties
_HARMLESS = re.compile(
    r"created with|screenshot|charset|ascii|unicode|lavc|file (written|source)|optimi[sz]ed|compressed|intel\(r\)"
    r"|lead technologies|creator: |gd-jpeg|jpeg|photoshop|lightroom|gimp|imagemagick|paint|inkscape|processed (with|by)"
    r"|olympus|fbmd[0-9a-f]|oplus|sony dsc|samsung|minolta|kodak|dcim|dig(ital)? camera|hdr|cof|mde|oznor|default|https?://|\W*$",
    re.IGNORECASE,
)
"""How comments begin that programs other than picture generators write."""
_SETTINGS = re.compile(r"\b(prompts?|seed|steps|sampler|cfg|guidance|checkpoint|lora|diffusion)\b", re.IGNORECASE)
_NAMED_VALUE = re.compile(r'(?:^|[,;{\n])\s{0,8}"?[A-Za-z][\w -]{0,40}"?[:=]\s?[^\s,;]')
_DATA = ("{", "[{")
_EMPTY = ("", "{}", "[]", "null", "None")
_MANY = 3
_MIN_LENGTH = 16


def read(texts: Texts) -> ForeignRecord | None:
    """Return a record that names each text that looks like settings; None when there is none."""
    named = [keyword for keyword, text in texts.items() if _is_told(keyword, text, texts)][:MAX_NAMED]
    if not named:
        return None
    lengths: list[Json] = [f"{keyword}: {_length(texts[keyword])}" for keyword in named]
    told = ", ".join(f"{keyword!r} ({_length(texts[keyword])})" for keyword in named)
    is_one = len(named) == 1
    them = "it" if is_one else "them"
    are_words = all(keyword in _SHARED_KEYWORDS and not _looks_like_settings(texts[keyword]) for keyword in named)
    said = _said(is_one=is_one, are_words=are_words)
    note = f"its {'text' if is_one else 'texts'} {told} {said}; `latentpng inspect --raw` shows {them}"
    return ForeignRecord(tool=TOOL, notes=(note,), extra=() if are_words else ((TEXTS, lengths),))


def _length(text: str) -> str:
    return f"{len(text)} character{'' if len(text) == 1 else 's'}"


def _said(*, is_one: bool, are_words: bool) -> str:
    """Return what is known of the texts: people write comments too, and a comment is not misunderstood settings."""
    if are_words:
        return "contains no settings that are known" if is_one else "contain no settings that are known"
    return "is not understood" if is_one else "are not understood"


def _is_told(keyword: str, text: str, texts: Texts) -> bool:
    """Return whether a text may contain settings: by its keyword, or by what stands in it."""
    text = text.strip("\0 \t\r\n")
    if text in _EMPTY:
        return False
    if keyword in _SHARED_KEYWORDS:
        if _is_photograph_or_edited(texts):  # cameras and editors note settings of their own
            return _SETTINGS.search(text[:MAX_SEARCHED].replace("_", " ")) is not None and _looks_like_settings(text)
        return _looks_like_settings(text) or (keyword in _COMMENTS and _is_unusual(text))
    if keyword in _CAMERA_TAGS or keyword in _PACKETS:
        return False
    return keyword.casefold() in _OWN_KEYWORDS or _TELLING_KEYWORD.search(keyword) is not None or _is_data(text)


def _is_photograph_or_edited(texts: Texts) -> bool:
    programs = (texts.get(keyword, "")[:MAX_SEARCHED] for keyword in _PROGRAMS)
    return _CAMERA in texts or any(map(_EDITOR.search, programs))


def _is_data(text: str) -> bool:
    """Return whether a text under any other keyword is an object with settings in it."""
    return text.startswith(_DATA) and _SETTINGS.search(text[:MAX_SEARCHED].replace("_", " ")) is not None


def _looks_like_settings(text: str) -> bool:
    start = text[:MAX_SEARCHED]
    if text.startswith(_DATA):
        return True
    words = {match[1].casefold() for match in islice(_SETTINGS.finditer(start), _MANY * _MANY)}
    named_values = len(list(islice(_NAMED_VALUE.finditer(start), _MANY)))
    return len(words) >= _MANY or (bool(words) and named_values > 0) or named_values >= _MANY


def _is_unusual(text: str) -> bool:
    """Return whether a comment is readable and not one that other programs are known to write."""
    start = text[:MAX_SEARCHED]
    return (
        len(text) >= _MIN_LENGTH
        and start.replace("\n", "").replace("\r", "").isprintable()
        and not _HARMLESS.match(start)
    )
