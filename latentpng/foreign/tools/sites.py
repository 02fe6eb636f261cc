"""Which fork, client or site made a picture, by the names that they write themselves.

Only the texts in which programs name themselves are looked at; a prompt that mentions a site does not count.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts

MAX_NAME = 300  # characters of a text that names a program
HORDE = ("ArtBot", "Stable UI", "AI Horde")
_KEYWORDS = ("Software", "Source", "CreatorTool", "Author", "Artist", "Creator", "Credit", "Copyright", "Make", "Title")
_NAMES = (
    ("ArtBot", r"artbot"),
    ("Stable UI", r"stable[ -]?ui\b|stableui"),
    ("AI Horde", r"(ai|stable) ?horde"),
    ("Stability Matrix", r"stability ?matrix"),
    ("Civitai", r"civitai"),
    ("TensorArt", r"tensor\.?art"),
    ("Tusi", r"tusi(\.?art|\.cn)"),
    ("SeaArt", r"sea\.?art"),
    ("PixAI", r"\bpixai"),
    ("Yodayo", r"yodayo"),
    ("Moescape", r"moescape"),
    ("NightCafe", r"nightcafe"),
    ("Mage", r"mage\.space"),
    ("OpenArt", r"openart\.ai|\bopenart\b"),
    ("DreamStudio", r"dreamstudio"),
    ("Playground", r"playground(ai|\.com| ai)"),
    ("getimg.ai", r"getimg"),
    ("Novita", r"novita"),
    ("Perchance", r"perchance"),
    ("Krita AI Diffusion", r"krita[ -]ai"),
)
"""(a name, how it is written), compiled only when a picture is signed."""
_FORKS = (
    ("Forge Classic", r"classic\b"),
    ("Forge Neo", r"neo\b"),
    ("EasyReforge", r"f[0-9.]{1,20}-v[0-9]"),  # f1.3.0-v1.10.1RC-latest-...
    ("reForge", r"f[0-9.]{1,20}v[0-9]{1,9}-v[0-9]"),  # f1.0.0v2-v1.10.1RC-latest-...
    ("Forge", r"f[0-9]"),
    ("Stability Matrix", r"(?i:stability ?matrix)"),
)
_SDNEXT = re.compile(r"SD\.?Next", re.IGNORECASE)
_GRAPHS = ("prompt", "UserComment")
_GRAPH_MARKS = (
    ("Civitai", '"extraMetadata"'),
    ("Civitai", "urn:air:"),
    ("TensorArt", '"ECHOCheckpointLoaderSimple"'),
)
"""What the graphs of sites contain that nothing else writes."""


def site_of(texts: Texts) -> str:
    """Return the site or client that the texts of a picture name; "" when they name none."""
    signed = "\n".join(texts[keyword][:MAX_NAME] for keyword in _KEYWORDS if texts.get(keyword))
    return next((name for name, form in _NAMES if re.search(form, signed, re.IGNORECASE)), "") if signed else ""


def graph_site_of(texts: Texts) -> str:
    """Return the site whose own graph of nodes a picture has; "" for any other."""
    if "extraMetadata" in texts:
        return _GRAPH_MARKS[0][0]
    graphs = [text for text in (texts.get(keyword, "") for keyword in _GRAPHS) if text.lstrip().startswith("{")]
    return next((name for name, mark in _GRAPH_MARKS if any(mark in graph for graph in graphs)), "")


def fork_of(version: str, app: str) -> str:
    """Return the fork of the web UI that a text names by its version or app; "" for the web UI itself."""
    if app:
        return "SD.Next" if _SDNEXT.fullmatch(app) else app[:MAX_NAME]
    return next((name for name, form in _FORKS if re.match(form, version)), "") if version else ""
