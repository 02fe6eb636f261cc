"""Which pictures come from a closed service although an open tool wrote their metadata.

SD.Next and others also ask services for pictures. A seed in such a file is not the seed of any noise that can
be drawn here.
"""

from __future__ import annotations

import re

from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose

_MAX_NAME = 200  # characters of a name that are looked at
_PIPELINES = re.compile(
    r"Google|Gemini|NanoBanana|Imagen|Veo(?=[A-Z\d])|OpenAI|GPT|DallE|See[dD]ream|Byte[dD]ance|Recraft|Kling|Minimax"
    r"|MiniMax|Hailuo|Midjourney|Runway|Grok|XAI|Firefly|Replicate|FalAI|API|Api(?=[A-Z])|Cloud|Remote"
)
"""How the classes of pipelines are named that only ask a service for a picture."""
_MODELS = re.compile(
    r"gemini[ ._-]?\d.*|(google[ ._-]?)?imagen[ ._-]?\d.*|(gpt|chatgpt)[ ._-]?image.*|dall[ ._-]?e[ ._-]?[23].*"
    r"|nano[ ._-]?banana.*|(bytedance[ ._-]?)?see[ ._-]?(dream|dance).*|veo[ ._-]?\d.*|sora([ ._-]?\d.*)?"
    r"|kling[ ._-]?(v?\d.*|ai)|recraft[ ._-]?v?\d.*|grok[ ._-]?(imagine|\d).*|midjourney|midjourney[ ._-]v?\d.*"
    r"|flux[ ._-]?(1[ ._-]?1?)?[ ._-]?(kontext[ ._-]?)?(pro|max|ultra)\b.*|flux[ ._-]?2[ ._-]?(pro|max|flex)\b.*"
    r"|ideogram[ ._-]?v?[123]\b.*|hailuo.*|minimax.*|(adobe[ ._-]?)?firefly.*|(amazon[ ._-]?)?titan[ ._-]?image.*",
    re.IGNORECASE,
)
"""How the models of services are named. The whole name counts, because checkpoints are named after services too."""
_API_FOLDER = re.compile(r"api[ _-]?models[/\\]", re.IGNORECASE)
_FAMILIES = frozenset({"a1111", "forge", "sdnext", "swarmui", "comfyui", "invokeai", ""})
"""Tools whose files may name the model of a service."""


def service_behind(record: ForeignRecord) -> str:
    """Return the pipeline of SD.Next that asked a service for a picture, by its name in the file; "" for none.

    Args:
        record: What the file says.
    """
    pipeline = loose.text(dict(record.extra).get("Pipeline"))[:_MAX_NAME]
    return pipeline if _PIPELINES.search(pipeline) else ""


def service_by_model(record: ForeignRecord) -> str:
    """Return the model or sampler that has the name of a service's model; "" for none, and for one with a hash.

    Args:
        record: What the file says.
    """
    if record.tool not in _FAMILIES or record.model_hash:
        return ""
    names = (name[:_MAX_NAME].strip() for name in (record.model, record.sampler))
    return next((name for name in names if _MODELS.fullmatch(_file_of(name)) or _API_FOLDER.match(name)), "")


def _file_of(name: str) -> str:
    """Return a name without folders; SwarmUI names the models of services like files in folders."""
    return name.replace("\\", "/").rpartition("/")[2].removesuffix(".safetensors")
