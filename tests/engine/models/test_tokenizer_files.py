"""Tokenizers of real models pass; what could run for ever, exhaust memory or read files elsewhere does not."""

from __future__ import annotations

import base64
import json
import lzma
import struct
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelError
from engine.models import shipped
from engine.models.tokenizer_files import check_tokenizer
from engine.models.tokenizer_rules import pattern_problem, template_problem

REAL_PATTERNS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}",
    r"\s+",
    r" {2,}",
)
ENDLESS = (
    r"(a+)+$",
    r"(?:a|a)*b",
    r"(.*)*(.*)*X",
    r"a*a*a*b",
    r"(?:a{1,9}){1,9}b",
    "a?" * 40 + "b",
    "a{1,16}" * 9 + "b",
    r"(a)\1",
    r"(?<n>a)\g<n>",
    r"\k<n>",
    r"(?(1)a|b)",
    r"[a[b]]",
    r"a**",
    "(" * 3000,
    "a" * 5000,
)


@pytest.mark.parametrize("pattern", REAL_PATTERNS)
def test_the_expressions_of_real_models_are_fine(pattern: str) -> None:
    assert pattern_problem(pattern) == ""


@pytest.mark.parametrize("pattern", ENDLESS, ids=lambda pattern: pattern[:20])
def test_expressions_that_may_never_end_are_not(pattern: str) -> None:
    assert pattern_problem(pattern).startswith("a regular expression ")


def test_the_templates_that_chat_models_have_are_fine_and_programs_are_not() -> None:
    loops = "{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content }}{%- endfor %}"
    assert template_problem(f"{loops}{{% generation %}}x{{% endgeneration %}}") == ""
    assert template_problem("{{ 'a' * 1000000000 }}") == "its chat template does more than format messages"
    assert template_problem("{% include 'x' %}") == "its chat template does more than format messages"
    assert template_problem("{{ lipsum(n=1000000) }}") == "its chat template does more than format messages"
    assert template_problem("{% for a in b %}" * 4 + "{% endfor %}" * 4) == "its chat template repeats too much"
    counting = "{% for a in range(9) %}{% for b in range(9) %}{% endfor %}{% endfor %}"
    assert template_problem(counting) == "its chat template repeats too much"
    assert template_problem("{" * 3 + "(" * 30_000) == "its chat template cannot be read"
    assert template_problem("a" * 70_000) == "its chat template has 70,000 characters"


GOOD: dict[str, Any] = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [{"id": 0, "content": "<pad>"}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]},
    "pre_tokenizer": {"type": "Split", "pattern": {"Regex": r"\p{L}+"}, "behavior": "Isolated", "invert": False},
    "post_processor": None,
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]]},
}


def charsmap(texts: bytes, size: int | None = None) -> str:
    """A map of characters with an empty trie and these texts."""
    return base64.b64encode(struct.pack("<I", 4 if size is None else size) + bytes(4) + texts).decode()


def replace_by(content: str, pattern: Any = None) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern or {"String": "a"}, "content": content}


TEMPLATE = {"type": "TemplateProcessing", "pair": [], "special_tokens": {}}
TEXT = {"Sequence": {"id": "A", "type_id": 0}}
HOSTILE: dict[str, tuple[dict[str, Any], str]] = {
    "doubling": (
        {"normalizer": {"type": "Sequence", "normalizers": [replace_by("aa")] * 20}},
        "normalizer makes texts up to 1,048,576 times as long",
    ),
    "nested": (
        {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": [{"type": "Sequence",
         "normalizers": [{"type": "Sequence", "normalizers": []}]}]}]}},
        "its steps are nested too deeply",
    ),
    "many": (
        {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits"}] * 33}},
        "its steps are nested too deeply",
    ),
    "unhashable": ({"decoder": {"type": []}}, r"the step \[\] is not allowed"),
    "unknown": ({"decoder": {"type": "Exec"}}, "the step 'Exec' is not allowed"),
    "endless": ({"normalizer": replace_by("", {"Regex": "(a+)+$"})}, "a regular expression repeats a group"),
    "empty": ({"normalizer": replace_by("x", {"String": ""})}, "it replaces the empty text"),
    "map": (
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap(b"a" * 1000)}},
        "its map replaces a character by 1,000 bytes",
    ),
    "trie": (
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap(b"", 400)}},
        "its map of characters is damaged",
    ),
    "padding": (
        {"padding": {"strategy": {"Fixed": 10**12}, "pad_id": 0}},
        "the number 1000000000000 is too large",
    ),
    "twice": ({"post_processor": {**TEMPLATE, "single": [TEXT, TEXT]}}, "its template repeats the text"),
    "long": (
        {"post_processor": {**TEMPLATE, "single": [{"SpecialToken": {"id": "a"}}] * 100}},
        "its template has more than 32 parts",
    ),
    "ids": (
        {"post_processor": {**TEMPLATE, "single": [TEXT], "special_tokens": {"a": {"ids": [1] * 100}}}},
        "its template has more than 32 parts",
    ),
    "added": ({"added_tokens": [{"id": 0, "content": "x"}] * 20_000}, "it adds more than 16,384 tokens"),
    "wide": ({"added_tokens": [{"id": 0, "content": "x" * 600}]}, "it adds a token of 600 characters"),
    "pieces": (
        {"model": {"type": "BPE", "vocab": {str(number): number for number in range(600_000)}, "merges": []}},
        "it has 600,000 pieces and 0 merges",
    ),
    "piece": ({"model": {"vocab": {"x" * 600: 0}, "merges": []}}, "its piece 'x{78}… is too long or has no number"),
    "index": ({"model": {"vocab": {"x": 10**9}, "merges": []}}, "its piece 'x' is too long or has no number"),
    "score": (
        {"model": {"type": "Unigram", "unk_id": 0, "vocab": [["x", float("nan")]]}},
        r"its piece \['x', nan\] is too long or has no number",
    ),
    "chance": ({"model": {"vocab": {}, "merges": [], "dropout": 0.5}}, "it drops merges at random"),
    "kind": ({"model": {"type": "Exec", "vocab": {}}}, "the model 'Exec' is not known"),
    "list": ({"model": []}, r"\[\] stands where an object is needed"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_tokenizer_that_could_exhaust_memory_or_time_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(GOOD))
    check_tokenizer(folder)
    changes, why = HOSTILE[name]
    (folder / "tokenizer.json").write_text(json.dumps({**GOOD, **changes}))
    sentence = rf"^tokenizer/tokenizer\.json cannot be used: {why}; download the model again$"
    with pytest.raises(ModelError, match=sentence):
        check_tokenizer(folder)


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("tokenizer_config.json", '{"gguf_file": "/x"}', "it sets 'gguf_file', which no tokenizer needs"),
        ("tokenizer_config.json", '{"vocab": "/etc/passwd"}', "it sets 'vocab', which no tokenizer needs"),
        ("tokenizer_config.json", '{"_json_padding": {}}', "it sets '_json_padding', which no tokenizer needs"),
        ("tokenizer_config.json", '{"init_inputs": [1]}', "it sets 'init_inputs', which no tokenizer needs"),
        ("tokenizer_config.json", '{"model_max_length": 1000000000}', "the number 1000000000 is too large"),
        (
            "tokenizer_config.json",
            '{"chat_template": "{{ 9 ** 9 }}"}',
            "its chat template does more than format messages",
        ),
        ("tokenizer_config.json", "[" * 100_000, "it is no JSON"),
        ("chat_template.jinja", "{{ 9 ** 9 }}", "its chat template does more than format messages"),
        ("vocab.json", "[]", r"\[\] stands where an object is needed"),
        ("vocab.json", '{"a": "b"}', "it is no table of at most 524,288 numbers"),
        ("spiece.model", "x" * 17_000_000, "it has 17,000,000 bytes, where at most 16,777,216 are read"),
    ],
)
def test_the_files_beside_it_are_checked(tmp_path: Path, file: str, text: str, why: str) -> None:
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    (folder / file).write_text(text)
    sentence = rf"^tokenizer/{file} cannot be used: {why}; download the model again$".replace("**", r"\*\*")
    with pytest.raises(ModelError, match=sentence):
        check_tokenizer(folder)


@pytest.mark.parametrize("packed", sorted((Path(shipped.__file__).parent / "configs").glob("*.json.xz")))
def test_the_tokenizers_that_are_shipped_are_fine(tmp_path: Path, packed: Path) -> None:
    for name, text in json.loads(lzma.decompress(packed.read_bytes())).items():
        if name.endswith(".json"):
            (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
    check_tokenizer(tmp_path)


def test_a_length_that_stands_for_none_is_fine(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": int(1e30), "tokenizer_file": "/a"}))
    check_tokenizer(tmp_path)
