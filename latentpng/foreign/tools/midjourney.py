"""Midjourney: the prompt with its parameters and the number of the job as `Description`.

A `--seed` among the parameters is the service's own and draws no noise that could be rebuilt.
"""

from __future__ import annotations

import re

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.record import Json

MAX_PARAMETERS = 64
_NAME = "Midjourney"
_KEYWORDS = ("Description", "ImageDescription", "Caption", "UserComment", "Comment", "Title", "XPComment", "XPTitle")
_JOB = re.compile(r"\s*\bJob ID: ?([0-9a-f-]{8,40})\s*$", re.IGNORECASE)
_SIGNED = ("Author", "Artist", "CreatorTool", "Software", "Credit", "Copyright", "AISystemUsed", "C2PA")
_DASHES = re.compile(r"(?:^|\s)(?:--|\u2014)(?=[a-z])", re.IGNORECASE)
MAX_TAIL = 4000  # characters of the parameters


def read_midjourney(texts: Texts) -> ForeignRecord | None:
    """Return the record of a description with the number of a job, or of one that is signed by the service."""
    is_signed = any(_NAME.casefold() in texts.get(keyword, "")[:MAX_TAIL].casefold() for keyword in _SIGNED)
    for keyword in _KEYWORDS:
        text = texts.get(keyword, "").strip()
        job = _JOB.search(text[-200:]) if "ob I" in text else None
        if job or (is_signed and _DASHES.search(text)):
            return _record_of(text, job[1] if job else "", texts)
    return None


def _record_of(text: str, job: str, texts: Texts) -> ForeignRecord:
    if job:
        text = text[: text.rindex(job)].rstrip()
        text = text[: max(text.casefold().rfind("job id:"), 0)].rstrip()
    first = _DASHES.search(text)
    prompt, tail = (text[: first.start()], text[first.start() :][:MAX_TAIL]) if first else (text, "")
    parameters = (part.partition(" ") for part in _DASHES.split(tail, MAX_PARAMETERS)[1:])
    found = {name.casefold(): value.strip() for name, _, value in parameters}
    version = found.get("v") or found.get("version") or (f"niji {found['niji']}" if "niji" in found else "")
    source: dict[str, Json] = {"DigitalSourceType": texts.get("DigitalSourceType", "").rpartition("/")[2]}
    extra: dict[str, Json] = {**source, "Job ID": job, "parameters": tail.strip()}
    return ForeignRecord(
        tool="service",
        made_by=_NAME,
        version=version,
        prompt=prompt.strip(),
        negative_prompt=found.get("no", ""),
        unknown_noise=f"{_NAME} does not publish how it draws its noise",
        extra=loose.rest(extra, ()),
    )
