"""Attacks on tokenizers and their chat templates, and on what prompts can hold."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from random import Random
from typing import Any

from tests.campaigns.models.json_changes import change_json
from tests.campaigns.models.odd_values import odd_bytes, odd_json, odd_name, odd_number
from tests.campaigns.models.prompts import load_prompt, make_prompt
from tests.campaigns.models.target import Target

_FILE, _CONFIG = "tokenizer.json", "tokenizer_config.json"
_PROMPTS = (
    "a red sun over a lake",
    "",
    "a" * 3000,
    "a b " * 500,
    " " * 2000,
    "\u200b💣\ufdfa" * 200,
    "<|im_start|>" * 50,
)
_EXPRESSIONS = (
    r"(a+)+$",
    r"(.*)*(.*)*X$",
    r"(?:a|a)*b",
    "a*" * 30 + "X",
    "a?" * 40,
    r"(a)\1+",
    r"(?<n>a\g<n>?)",
    "[",
    r"\p{L}+",
)
_TEMPLATES = (
    "{% for m in messages %}{{ m.content }}{% endfor %}",
    "{{ 'a' * 10000000000 }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in messages[0].content %}{% for b in '" + "a" * 60_000 + "' %}{% endfor %}{% endfor %}",
    "{% set ns = namespace(x='aa') %}" + "{% set ns.x = ns.x ~ ns.x %}" * 60 + "{{ ns.x }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch /tmp/x') }}",
    "{% include '/etc/passwd' %}",
    "{{ '%999999999d' % 1 }}",
    "{{ messages | map('upper') | list | pprint }}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
    "{" * 1000,
)


_KEYS = (
    "added_tokens_decoder",
    "auto_map",
    "backend",
    "extra_special_tokens",
    "gguf_file",
    "init_inputs",
    "merges",
    "merges_file",
    "pad_token",
    "tokenizer_class",
    "tokenizer_file",
    "tokenizer_object",
    "tokenizer_padding",
    "vocab",
    "vocab_file",
)


def _steps(draw: Random) -> dict[str, Any]:
    """Return a step of a tokenizer that a stranger would write."""
    pattern = draw.choice(({"String": "a"}, {"String": ""}, {"Regex": draw.choice(_EXPRESSIONS)}))
    content = draw.choice(("aa", "", "a" * 100_000, odd_name(draw)))
    charsmap = struct.pack("<I", draw.choice((4, 0, 400, 1 << 31))) + bytes(draw.choice((4, 400))) + b"x" * 1000
    if draw.random() < 0.3:
        charsmap = odd_bytes(draw, struct.pack("<I", 1024) + draw.randbytes(1024) + b"a\0bc\0")
    text = {"Sequence": {"id": "A", "type_id": 0}}
    step: dict[str, Any] = draw.choice(
        (
            {"type": "Replace", "pattern": pattern, "content": content},
            {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False},
            {"type": "Prepend", "prepend": content},
            {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()},
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
            {
                "type": "TemplateProcessing",
                "single": [text] * draw.choice((1, 2, 1000)),
                "pair": [],
                "special_tokens": {},
            },
            {"type": odd_name(draw)},
        )
    )
    if draw.random() < 0.4:
        inner = draw.choice(("normalizers", "pretokenizers", "processors", "decoders"))
        step = {"type": "Sequence", inner: [step] * draw.choice((1, 2, 20, 1000))}
    return step


def prepare(folder: Path) -> None:
    """Save small tokenizers of three kinds."""
    from tests.support.engine.families.parts import byte_tokenizer, tokenizer

    tokenizer().save_pretrained(folder / "CLIPTokenizer")
    byte_tokenizer().save_pretrained(folder / "Qwen2Tokenizer")
    pieces = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], *([letter, -1.0] for letter in "\u2581abcdelrsun")]
    steps = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    (folder / "T5TokenizerFast").mkdir()
    value: dict[str, Any] = {
        "model": {"type": "Unigram", "unk_id": 2, "vocab": pieces},
        "pre_tokenizer": steps,
        "decoder": steps,
    }
    value |= {"version": "1.0", "added_tokens": [], "normalizer": None, "post_processor": None}
    (folder / "T5TokenizerFast" / _FILE).write_text(json.dumps({**value, "truncation": None, "padding": None}))
    (folder / "T5TokenizerFast" / _CONFIG).write_text(json.dumps({"model_max_length": 512, "eos_token": "</s>"}))


def make_tokenizer(prepared: Path, draw: Random, folder: Path) -> str:
    """Write a tokenizer with something wrong; the name of its folder is its class."""
    source = draw.choice(sorted(prepared.iterdir()))
    target = folder / source.name
    target.mkdir()
    for file in source.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    change = draw.choice(
        (_change_steps, _change_any, _change_any, _change_numbers, _change_config, _change_template, _change_files)
    )
    return f"{source.name} {change(target, draw)}"


def _edit(file: Path, **changes: Any) -> None:
    value = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps({**value, **changes}))


def _change_steps(target: Path, draw: Random) -> str:
    name = draw.choice(("normalizer", "pre_tokenizer", "post_processor", "decoder"))
    if not (target / _FILE).exists():
        return _change_config(target, draw)
    _edit(target / _FILE, **{name: _steps(draw)})
    return name


def _change_any(target: Path, draw: Random) -> str:
    return change_json(draw.choice(sorted(target.glob("*.json"))), draw)


def _change_numbers(target: Path, draw: Random) -> str:
    number = draw.choice((1e30, 10**9, 10**12, odd_number(draw)))
    padding = {"strategy": {"Fixed": number}, "direction": "Right", "pad_to_multiple_of": number, "pad_id": 0}
    padding |= {"pad_type_id": 0, "pad_token": "<pad>"}
    what = draw.choice(("padding", "model_max_length", "added"))
    if what == "padding":
        _edit(target / _FILE, padding=padding)
    elif what == "model_max_length":
        _edit(target / _CONFIG, model_max_length=number)
    else:
        _edit(target / _FILE, added_tokens=[{"id": number, "content": "<x>", "special": True}])
    return f"{what} {number}"


def _change_config(target: Path, draw: Random) -> str:
    outside = target.parent.parent / "outside.json"
    outside.write_text("{}")
    key = draw.choice(_KEYS)
    value = draw.choice(
        (str(outside), "/etc/passwd", "x--y", {"AutoTokenizer": ["evil.Evil", None]}, odd_json(draw, 2))
    )
    _edit(target / _CONFIG, **{key: value})
    return key


def _change_template(target: Path, draw: Random) -> str:
    template = draw.choice(_TEMPLATES)
    if draw.random() < 0.5:
        _edit(target / _CONFIG, chat_template=draw.choice((template, [{"name": "default", "template": template}])))
    else:
        (target / "chat_template.jinja").write_text(template)
    return template[:40]


def _change_files(target: Path, draw: Random) -> str:
    name = draw.choice(
        (
            "vocab.json",
            "merges.txt",
            "spiece.model",
            "tokenizer.model",
            "added_tokens.json",
            "special_tokens_map.json",
            "tekken.json",
        )
    )
    if draw.random() < 0.5:
        (target / _FILE).unlink(missing_ok=True)
    content = draw.choice(
        (json.dumps(odd_json(draw, 3)).encode(), draw.randbytes(2000), b"a b\n" * 100_000, b"\n\x0e" * 5000)
    )
    (target / name).write_bytes(content)
    return name


def load_tokenizer(folder: Path) -> None:
    """Check a tokenizer and load it as the worker does, and read prompts with it."""
    from types import SimpleNamespace

    import transformers

    from engine.diffusion.messages import first_line
    from engine.diffusion.seams.tokenizers import watch_tokenizers
    from engine.errors import EngineError, ModelError
    from engine.models.tokenizer_files import check_tokenizer

    (target,) = (entry for entry in folder.iterdir() if entry.is_dir())
    check_tokenizer(target)
    try:  # as `engine.diffusion.load` and `engine.diffusion.jobs` do
        tokenizer = getattr(transformers, target.name).from_pretrained(str(target), local_files_only=True)
        watch_tokenizers(SimpleNamespace(components={"tokenizer": tokenizer}), lambda _: None)
        for prompt in _PROMPTS:
            tokenizer(prompt, padding="max_length", max_length=tokenizer.model_max_length, truncation=True)
        if getattr(tokenizer, "chat_template", None):
            tokenizer.apply_chat_template([{"role": "user", "content": "a red sun"}], tokenize=False)
    except EngineError:
        raise
    except Exception as error:
        raise ModelError(f"it cannot be loaded: {first_line(error)[:300]}") from error


TARGETS = (
    Target(name="tokenizers", make=make_tokenizer, load=load_tokenizer, prepare=prepare, share=4, mebibytes=1200.0),
    Target(name="prompts", make=make_prompt, load=load_prompt, share=2, seconds=3.0),
)
