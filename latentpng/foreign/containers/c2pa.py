"""Find out who made a picture from its C2PA manifest, which says so but cannot be used to make the picture again.

A manifest is a tree of JUMBF boxes with CBOR and JSON in them. It is neither parsed nor verified: the strings that name
the generator, the software and the signer are looked for by the keys before them, so damaged manifests give what they
can. Sources: C2PA 2.1 (claims, actions), RFC 8949 (CBOR strings), X.520 (organisation of a certificate).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

UNKNOWN = "unknown"
MAX_NAMES = 8
_MAX_NAME = 100  # bytes
_MAX_KEYS = 64  # occurrences of one key
_NAME_NEARBY = 64  # bytes from the start of an object to its name
_KEYS = (b"claim_generator_info", b"claim_generator", b"softwareAgent")
_NAME_KEY = b"\x64name"
_TEXT, _CONTAINERS = 3, (4, 5)  # types of CBOR: a text; a list, a map
_LENGTH_FOLLOWS = 24  # the length stands in the next byte
_JSON = re.compile(
    rb'"(?:claim_generator|softwareAgent|@type"\s{0,4}:\s{0,4}"Organization"\s{0,4},\s{0,4}"name)"'
    rb'\s{0,4}:\s{0,4}"([^"\\\x00-\x1f]{1,100})"'
)
_ORGANISATION = b"\x06\x03\x55\x04\x0a"
_SOURCE_TYPE = re.compile(rb"digitalsourcetype/([A-Za-z]{4,60})|((?:compositeWithT|t)rainedAlgorithmicMedia)")
_LIBRARY = re.compile(r"\S*c2pa\S*", re.IGNORECASE)
_SERVICES = (
    "ChatGPT", "DALL-E", "DALL·E", "GPT-4o", "gpt-image-1", "Sora", "OpenAI",
    "Google Generative AI", "Google AI", "Gemini", "Imagen", "Google",
    "Adobe Firefly", "Firefly", "Adobe Photoshop", "Photoshop", "Adobe Express",
    "Microsoft Designer", "Bing Image Creator", "Azure OpenAI", "Copilot", "Microsoft",
    "Amazon Titan", "Titan Image Generator", "Amazon Nova", "Amazon Bedrock", "Amazon",
    "Leonardo.Ai", "Leonardo AI", "Leonardo", "Canva", "Midjourney", "Stability AI", "Ideogram", "Black Forest Labs",
    "Runway", "Recraft", "Freepik", "Dreamina", "CapCut", "Seedream", "ByteDance", "TikTok", "Meta AI", "Shutterstock",
    "Getty Images", "Samsung", "Krea", "Luma AI", "Kling", "Grok", "Truepic",
)  # fmt: skip


def c2pa_texts(data: bytes) -> dict[str, str]:
    """Return what a manifest says about the origin of a picture.

    Args:
        data: The JUMBF boxes, whole or in part.

    Returns:
        "C2PA": the names of generator, software and signer, joined by "; ", or "unknown". "DigitalSourceType": the last
        part of its address, such as "trainedAlgorithmicMedia", if there is one.
    """
    names: list[str] = []
    for name in (*_claimed(data), *_signers(data), *_known(data)):
        if name and not any(name.casefold() in earlier.casefold() for earlier in names):
            names.append(name)
    found = {"C2PA": "; ".join(names[:MAX_NAMES]) or UNKNOWN}
    source = _SOURCE_TYPE.search(data)
    if source is not None:
        found["DigitalSourceType"] = (source[1] or source[2]).decode()
    return found


def _claimed(data: bytes) -> Iterator[str]:
    """Yield the names that stand behind the keys of claims and actions."""
    for key in _KEYS:
        at = data.find(key)
        for _ in range(_MAX_KEYS):
            if at < 0:
                break
            yield _readable(_value(data, at + len(key)))
            at = data.find(key, at + len(key))
    for _, match in zip(range(_MAX_KEYS), _JSON.finditer(data), strict=False):
        yield _readable(match[1])


def _value(data: bytes, at: int) -> bytes:
    """Return the string of CBOR at a place, or the string under "name" of an object or a list of objects there."""
    if at < len(data) and data[at] >> 5 in _CONTAINERS:
        name = data.find(_NAME_KEY, at, at + _NAME_NEARBY)
        return _string(data, name + len(_NAME_KEY)) if name >= 0 else b""
    return _string(data, at)


def _string(data: bytes, at: int) -> bytes:
    """Return the string of CBOR at a place, of up to 255 bytes; b"" for anything else."""
    head = data[at] if at < len(data) else 0
    length = head & 31
    if head >> 5 != _TEXT or length > _LENGTH_FOLLOWS:  # a length in two bytes or more: no name
        return b""
    if length == _LENGTH_FOLLOWS:
        at += 1
        length = int.from_bytes(data[at : at + 1], "big")
    return data[at + 1 : at + 1 + length]


def _readable(value: bytes) -> str:
    """Return a name without versions and names of libraries: "Adobe_Firefly adobe_c2pa/0.7" gives "Adobe Firefly"."""
    text = value.decode("utf-8", "replace")
    if "/" in text:
        text = _LIBRARY.sub("", text.partition("/")[0] + " ")
    text = " ".join(text.replace("_", " ").split())
    return text if text.isprintable() and len(text) <= _MAX_NAME else ""


def _signers(data: bytes) -> Iterator[str]:
    """Yield the organisation that the first certificate was issued to: the second one named in it."""
    first = data.find(_ORGANISATION)
    second = data.find(_ORGANISATION, first + 1) if first >= 0 else -1
    at = second + len(_ORGANISATION)
    if second >= 0 and data[at : at + 1] in (b"\x0c", b"\x13", b"\x14"):
        yield _readable(data[at + 2 : at + 2 + data[at + 1]]) if at + 1 < len(data) else ""


def _known(data: bytes) -> Iterator[str]:
    """Yield the services whose names stand anywhere in the manifest."""
    spaced = data.replace(b"_", b" ")
    for name in _SERVICES:
        if _has_word(spaced, name.encode()):
            yield name


def _has_word(data: bytes, word: bytes) -> bool:
    """Return whether a word stands somewhere, and not as a part of another one."""
    at = data.find(word)
    for _ in range(_MAX_KEYS):
        if at < 0:
            break
        end = at + len(word)
        if not data[max(at - 1, 0) : at].isalpha() and not data[end : end + 1].islower():
            return True
        at = data.find(word, end)
    return False
