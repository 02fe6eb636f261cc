"""Services that say that they made a picture, and nothing from which it could be made again.

They sign a picture with C2PA, label it as IPTC or the Chinese standard GB 45438 asks, or write a description. Whether a
picture was made by AI is told by these labels or by the name of a generator: cameras and editors sign with C2PA too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from latentpng.foreign.containers.texts import Texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose, sites
from latentpng.foreign.tools.loosejson import read_object
from latentpng.foreign.tools.midjourney import read_midjourney
from latentpng.record import Json, JsonObject

TOOL = "service"
C2PA = "C2PA"
UNNAMED = "an AI service that the file does not name"
MAX_NAME = 400  # characters of a text that names a program
_SOURCE_TYPE = "DigitalSourceType"
_AI_SOURCE = re.compile(r"trainedAlgorithmic|compositeSynthetic", re.IGNORECASE)  # not algorithms without training
_EDITED = "compositeWith"
_CAMERA_SOURCE = re.compile(r"(digital|computational)Capture|(negative|positive)Film|print$", re.IGNORECASE)
_PROGRAMS = (C2PA, "AISystemUsed", "CreatorTool", "Software", "Make")
_PEOPLE = ("Credit", "Source", "Artist", "Author", "Creator", "Copyright")
"""Where people sign too, some of whom are called Sora or Ernie: read only when the picture is labelled."""
_SAYS_AI = re.compile(r"\bAI\b")
_SERVICES = (
    ("Midjourney", r"midjourney"),
    ("Sora", r"\bsora\b"),
    ("ChatGPT", r"chatgpt|gpt-?4o|gpt-?image"),
    ("DALL-E", r"dall[-·. ]?e\b"),
    ("Microsoft Designer", r"microsoft[ _]designer"),
    ("Bing Image Creator", r"\bbing\b"),
    ("Azure OpenAI", r"azure openai"),
    ("OpenAI", r"openai"),
    ("Microsoft Responsible AI", r"microsoft[ _]responsible"),
    ("Adobe Firefly", r"firefly"),
    ("Google Gemini", r"gemini|nano[ -]?banana"),
    ("Google Imagen", r"\bimagen\b"),
    ("Google AI", r"google (generative )?ai\b|made with google ai|edited with google ai"),
    ("Amazon Titan", r"titan image|amazon titan"),
    ("Amazon Nova", r"nova canvas|amazon nova"),
    ("Amazon Bedrock", r"bedrock"),
    ("Meta AI", r"meta ai|imagined with ai"),
    ("Grok", r"\bgrok\b|\bx\.?ai\b"),
    ("Ideogram", r"ideogram"),
    ("Leonardo.Ai", r"leonardo[. ]?ai"),
    ("Dreamina", r"dreamina"),
    ("Jimeng", r"jimeng|\u5373\u68a6"),
    ("Doubao", r"doubao|\u8c46\u5305"),
    ("Seedream", r"seedream"),
    ("CapCut", r"capcut|\u526a\u6620"),
    ("Kling", r"\bkling|\u53ef\u7075"),
    ("Hailuo", r"hailuo|minimax"),
    ("Qwen", r"\bqwen\b|\u5343\u95ee"),
    ("Tongyi", r"tongyi|\u901a\u4e49|wanxiang"),
    ("Ernie", r"\bernie\b|\u6587\u5fc3"),
    ("Hunyuan", r"hunyuan|yuanbao|\u6df7\u5143"),
    ("Stability AI", r"stability[ .]?ai\b"),
    ("Black Forest Labs", r"black forest labs|\bbfl\b"),
    ("Recraft", r"recraft"),
    ("Runway", r"\brunway"),
    ("Krea", r"\bkrea\b"),
    ("Luma", r"luma ?(ai|labs|dream)"),
    ("Freepik", r"freepik"),
    ("Reve", r"\breve (ai|image)\b"),
    ("Getty Images AI", r"generative ai by getty"),
    ("Canva Magic Media", r"magic media"),
    ("Apple Image Playground", r"image playground"),
    ("Craiyon", r"craiyon"),
    ("Perplexity", r"perplexity"),
)
"""(a name, how it is written), compiled only when a picture is signed: that takes longer than reading most files."""
_SIGNERS = (
    ("Google AI", r"\bgoogle\b"),
    ("Microsoft", r"\bmicrosoft\b"),
    ("Adobe", r"\badobe\b"),
    ("Canva", r"\bcanva\b"),
    ("Samsung", r"\bsamsung\b|galaxy"),
    ("Meta", r"\bmeta\b"),
    ("TikTok", r"tiktok|bytedance"),
    ("Shutterstock", r"shutterstock"),
)
"""Firms that sign other pictures too: they count only when the picture is labelled as made by AI."""
_TITLES = ("Title", "Description", "ImageDescription", "Caption")
_MADE_WITH = re.compile(r"\b(?:made|generated|created|imagined|edited) (?:with|by|using|in) (.{1,60})", re.IGNORECASE)
_LOCAL_SITES = frozenset({"Stability Matrix", "Krita AI Diffusion"})
_FLUX = "AI generated"  # the programs that Black Forest Labs publishes begin their `Software` so
_GROK_SIGNATURE = re.compile(r"Signature: ?[A-Za-z0-9+/=]{40}")
_DESCRIPTIONS = ("Description", "ImageDescription", "Caption")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AIGC_KEYWORDS = ("AIGC", "TC260:AIGC", "aigc_info", "UserComment", "Comment", "ImageDescription", "Description")
_AIGC_MARKS = ("AIGC", "ContentProducer", "aigc_label_type", "aigc_info", "AIGCInfo")
_LABELLED = ("1", "2", "3")  # made by AI for certain, possibly, by suspicion


def read(texts: Texts) -> ForeignRecord | None:
    """Return the record of a service that signed or labelled a picture; None when nothing says that AI made it."""
    return read_midjourney(texts) or _grok(texts) or _labelled(texts) or _flux(texts) or _named(texts)


def read_sites(texts: Texts) -> ForeignRecord | None:
    """Return the record of a picture without settings whose program is a site that makes pictures; None otherwise."""
    programs = {keyword: texts[keyword] for keyword in ("Software", "CreatorTool") if keyword in texts}
    name = sites.site_of(programs)
    return record_of(name, texts) if name and name not in _LOCAL_SITES else None


def read_credentials(texts: Texts) -> ForeignRecord | None:
    """Return a record without a tool's settings for a picture that is signed with C2PA; None for any other."""
    return ForeignRecord(tool="unknown") if texts.get(C2PA) else None


def credentials_note(texts: Texts) -> str:
    """Return who signed a picture, as a clause; "" for a picture without C2PA."""
    signer = texts.get(C2PA, "")[:MAX_NAME]
    if not signer:
        return ""
    named = "" if signer == "unknown" else f" of {signer}"
    is_said = _named(texts) is not None
    return f"it has content credentials (C2PA){named}" + ("" if is_said else "; they do not say that AI made it")


def record_of(name: str, texts: Texts, *, prompt: str = "", extra: JsonObject | None = None) -> ForeignRecord:
    """Return the record of a picture that a service made.

    Args:
        name: The name of the service; "" when the file does not say it.
        texts: All texts of the picture.
        prompt: What it was asked for.
        extra: Whatever else it wrote.
    """
    described = (texts.get(keyword, "") for keyword in ("Title", *_DESCRIPTIONS))
    source: dict[str, Json] = {
        _SOURCE_TYPE: texts.get(_SOURCE_TYPE, "").rpartition("/")[2],
        "description": next((text for text in described if text and not _GROK_SIGNATURE.match(text)), ""),
    }
    return ForeignRecord(
        tool=TOOL,
        made_by=name,
        prompt=prompt or texts.get("AIPromptInformation", ""),
        unknown_noise=f"{name or UNNAMED} writes no seed into its pictures",
        extra=(*loose.rest(source, ()), *loose.rest(extra or {}, ())),
    )


def is_edited(record: ForeignRecord) -> bool:
    """Return whether a service only changed a picture that it did not make."""
    return loose.text(dict(record.extra).get(_SOURCE_TYPE)).startswith(_EDITED)


def _named(texts: Texts) -> ForeignRecord | None:
    """Return the record of a picture that is labelled as made by AI, or whose texts name a generator."""
    signature = _signature(texts)
    name = _service_of(signature)
    if _is_by_ai(texts):
        return record_of(name or _first_of(_SIGNERS, signature) or _titled(texts), texts)
    is_captured = _CAMERA_SOURCE.search(texts.get(_SOURCE_TYPE, "")) is not None
    return record_of(name, texts) if name and not is_captured else None


def _titled(texts: Texts) -> str:
    """Return the service that a title names: "Made with Meta AI"."""
    titles = (_MADE_WITH.search(texts.get(keyword, "")[:MAX_NAME]) for keyword in _TITLES)
    return next((name for title in titles if title and (name := _service_of(title[1]))), "")


def _flux(texts: Texts) -> ForeignRecord | None:
    """Return the record of the programs of Black Forest Labs, which name the model as that of a camera."""
    software, *modes = texts.get("Software", "")[:MAX_NAME].split(";")
    if software != _FLUX or not modes:
        return None
    maker = texts.get("Make", "")[:MAX_NAME]
    prompt = texts.get("ImageDescription", "")
    record = record_of(_service_of(maker) or maker, texts, prompt=prompt, extra={"mode": ";".join(modes)})
    extra = tuple(entry for entry in record.extra if entry != ("description", prompt))
    return replace(record, model=texts.get("Model", "")[:MAX_NAME], extra=extra)


def _is_by_ai(texts: Texts) -> bool:
    return _AI_SOURCE.search(texts.get(_SOURCE_TYPE, "")) is not None


def _signature(texts: Texts) -> str:
    """Return the texts in which a service may have signed."""
    is_labelled = _is_by_ai(texts)
    programs = [texts[keyword][:MAX_NAME] for keyword in _PROGRAMS if texts.get(keyword)]
    people = [texts[keyword][:MAX_NAME] for keyword in _PEOPLE if texts.get(keyword)]
    return "\n".join([*programs, *(text for text in people if is_labelled or _SAYS_AI.search(text))])


def _service_of(text: str) -> str:
    return _first_of(_SERVICES, text)


def _first_of(names: Iterable[tuple[str, str]], text: str) -> str:
    return next((name for name, form in names if re.search(form, text, re.IGNORECASE)), "") if text else ""


def _grok(texts: Texts) -> ForeignRecord | None:
    """Return the record of Grok, which signs the description and gives the picture a number as its artist."""
    described = (texts.get(keyword, "") for keyword in ("ImageDescription", "UserComment", "Description"))
    is_signed = any(_GROK_SIGNATURE.match(text) for text in described)
    return record_of("Grok", texts) if is_signed and _UUID.fullmatch(texts.get("Artist", "").strip()) else None


def _labelled(texts: Texts) -> ForeignRecord | None:
    """Return the record of a picture with the label that Chinese services have to write."""
    for entries in _labels(texts):
        label = loose.text(entries.get("Label")) or str(loose.whole(entries.get("Label")))
        words = " ".join(value for value in entries.values() if isinstance(value, str))[:MAX_NAME]
        name = _service_of(words) or _service_of(_signature(texts))
        if label in _LABELLED or name or loose.count(entries.get("aigc_label_type")):
            return record_of(name, texts, prompt=loose.text(entries.get("prompt")), extra=entries)
    return None


def _labels(texts: Texts) -> Iterator[JsonObject]:
    """Yield the objects of labels, which may stand inside another object, as an object or as a text."""
    for keyword in _AIGC_KEYWORDS:
        text = texts.get(keyword, "")
        entries = read_object(text) if any(mark in text for mark in (*_AIGC_MARKS, "Label")) else {}
        inner = next((entries[mark] for mark in _AIGC_MARKS if mark in entries), None)
        nested = read_object(inner) if isinstance(inner, str) else loose.members(inner)
        if nested:
            rest = {name: value for name, value in entries.items() if isinstance(value, str) and value != inner}
            yield {**rest, **nested}
        elif entries and ("Label" in entries or any(mark in entries for mark in _AIGC_MARKS)):
            yield entries
