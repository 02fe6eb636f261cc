"""Texts of ComfyUI's graphs: boxes, joined texts, stylers with two outputs, and texts that a graph does not have."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from latentpng.foreign.tools.comfyui.graph import Budget, graph_of
from latentpng.foreign.tools.comfyui.texts import text_of
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import Entries, link, node


def text(entry: Json, others: Entries | None = None, output: int = 0, side: str = "positive") -> str:
    """Return the text at an output of a node."""
    graph = graph_of({"1": entry, **(others or {})})
    return text_of(graph, link("1", output), Budget(), side)


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("DF_Text_Box", {"Text": "a red boat"}),
        ("String Literal", {"string": "a red boat"}),
        ("String", {"String": "a red boat"}),
        ("Simple String", {"STRING": "a red boat"}),
        ("CR Prompt Text", {"prompt": "a red boat"}),
        ("Text Multiline", {"text": "a red boat"}),
        ("PrimitiveStringMultiline", {"value": "a red boat"}),
        ("easy positive", {"positive": "a red boat"}),
        ("easy negative", {"negative": "a red boat"}),
        ("easy wildcards", {"text": "a {red|tin} boat", "populated_text": "a red boat", "seed": 3}),
        ("ImpactWildcardProcessor", {"wildcard_text": "a {red|tin} boat", "populated_text": "a red boat"}),
        ("ImpactWildcardProcessor", {"wildcard_text": "a red boat", "populated_text": "", "mode": "populate"}),
        ("Wildcards", {"wildcard_prompt": "a red boat", "seed": 7}),
        ("DPRandomGenerator", {"text": "a red boat", "seed": 7, "autorefresh": "No"}),
        ("BoatBox", {"boat_prompt": "a red boat", "log_prompt": "No", "font_color": "red"}),
        ("ShowText|pysssss", {"text": link("t"), "text_0": "an old boat"}),
        ("ShowText|pysssss", {"text": link("missing"), "text_0": "a red boat"}),
        ("easy showAnything", {"anything": link("t")}),
        ("PreviewAny", {"source": link("t")}),
        ("Reroute", {"": link("t")}),
        ("Text Input Switch", {"boolean_number": 1, "text_a": link("t"), "text_b": "fog"}),
        ("CR Text Input Switch", {"Input": 2, "text1": "fog", "text2": link("t")}),
        ("easy textSwitch", {"input": 2, "text1": "fog", "text2": "a red boat"}),
        ("StringConcatenate", {"string_a": "a red", "string_b": "boat", "delimiter": " "}),
        ("JoinStrings", {"string1": "a red", "string2": "boat", "delimiter": " "}),
        ("JoinStringMulti", {"inputcount": 2, "string_2": "boat", "string_1": "a red", "delimiter": " "}),
        ("Text Concatenate", {"delimiter": " ", "text_b": "red boat", "text_a": "a", "text_c": ""}),
        ("CR Text Concatenate", {"text1": "a red", "text2": "boat", "separator": " "}),
        ("CR Combine Prompt", {"part1": "a", "part2": "red", "part3": "boat", "part4": "", "separator": " "}),
        ("easy promptConcat", {"prompt1": "a red", "prompt2": "boat", "separator": " "}),
        ("ttN concat", {"text1": "a", "text2": "red", "text3": "boat", "delimiter": " "}),
        ("StringFunction|pysssss", {"action": "replace", "text_a": "a tin boat", "text_b": "tin", "text_c": "red"}),
        ("StringReplace", {"string": "a tin boat", "find": "tin", "replace": "red"}),
        (
            "CR Text Replace",
            {"text": "a tin ship", "find1": "tin", "replace1": "red", "find2": "ship", "replace2": "boat"},
        ),
        ("Text Find and Replace", {"text": link("2"), "find": "tin", "replace": "red"}),
        ("StringReplace", {"string": "a red boat", "find": "red", "replace": link("missing")}),
        ("RegexReplace", {"string": "a red boat", "regex_pattern": "(a+)+$", "replace": "fog"}),
        ("Text Concatenate", {"delimiter": " ", "clean_whitespace": "true", "text_a": " a red ", "text_b": "boat"}),
        ("Text List to Text", {"delimiter": " ", "text_list": link("l")}),
        (
            "Text Load Line From File",
            {"file_path": "", "mode": "index", "index": 1, "multiline_text": "fog\na red boat"},
        ),
        ("SeargePromptCombiner", {"prompt1": "a red", "separator": " ", "prompt2": "boat"}),
        ("JWStringConcat", {"a": "a red", "b": " boat"}),
        ("AppendText", {"text": "a red", "append": " boat"}),
        ("PrependBoat", {"prefix": "a ", "text": "red boat"}),
        ("Text String", {"text": "a red boat", "text_b": "fog", "text_c": "", "text_d": ""}),
        ("easy promptList", {"prompt_1": "a red boat", "prompt_2": ""}),
        ("easy promptLine", {"prompt": "fog\na red boat\nrain", "start_index": 1, "max_rows": 1}),
        ("ImpactStringSelector", {"strings": "fog\na red boat", "multiline": False, "select": 3}),
        ("TextObject", {"text": {"__value__": "a red boat"}}),
        ("CaseConverter", {"string": "A RED BOAT", "mode": "lowercase"}),
        ("StringTrim", {"string": "  a red boat ", "mode": "Both"}),
        ("StringSubstring", {"string": "see a red boat", "start": 4, "end": 14}),
        ("StringFormat", {"template": "a {colour} boat", "colour": "red"}),
        ("Text Format", {"text": "a {what}", "what": link("3")}),
    ],
)
def test_the_text_of_a_node(kind: str, inputs: Entries) -> None:
    boats: Entries = {
        "t": node("PrimitiveString", value="a red boat"),
        "2": node("Text Multiline", text="a tin boat"),
        "3": node("String", value="red boat"),
        "l": node("Text List", text_a="a red", text_b="boat"),
    }
    assert text(node(kind, **inputs), boats) == "a red boat"


def test_tags_are_joined_and_tidied() -> None:
    parts = {"text_a": "a red boat, ", "text_b": "on a  lake", "text_c": ""}
    assert text(node("StringFunction|pysssss", action="append", tidy_tags="yes", **parts)) == "a red boat, on a lake"
    assert text(node("StringFunction|pysssss", action="append", tidy_tags="no", **parts)) == "a red boat, on a  lake"


def test_a_delimiter_may_be_a_line_break() -> None:
    joined = {"text_a": "a red boat", "text_b": "on a lake"}
    assert text(node("Text Concatenate", delimiter="\\n", **joined)) == "a red boat\non a lake"
    assert text(node("Text Concatenate", linebreak_addition="true", **joined)) == "a red boat\non a lake"


STYLERS: Mapping[str, tuple[Entries, tuple[int, int]]] = {
    "SDXLPromptStyler": (
        {"text_positive": "a red boat", "text_negative": "fog", "style": "base", "log_prompt": "No"},
        (0, 1),
    ),
    "SDXLPromptStylerAdvanced": (
        {"text_positive_g": "a red boat", "text_positive_l": "", "text_negative": "fog", "negative_prompt_to": "Both"},
        (2, 5),
    ),
    "MileHighStyler": (
        {"text_positive": link("2"), "text_negative": link("3"), "style": "oil", "style_negative": True},
        (0, 1),
    ),
    "easy stylesSelector": ({"styles": "fooocus_styles", "positive": "a red boat", "negative": "fog"}, (0, 1)),
    "easy loraPromptApply": (
        {"model": link("m"), "clip": link("m", 1), "positive": "a red boat", "negative": "fog"},
        (2, 3),
    ),
    "CR Prompt Mixer": (
        {"prompt_positive": "a red boat", "prompt_negative": "fog", "style_positive": "", "style_negative": ""},
        (0, 3),
    ),
    "CR SDXL Style Text": ({"positive_style": "a red boat", "negative_style": "fog"}, (0, 1)),
    "PromptsOfSomebody": ({"prompt": "a red boat", "negative_prompt": "fog", "style": "oil"}, (0, 1)),
    "StylesOfSomebody": ({"positive_prompt": "a red boat", "negative_prompt": "fog", "seed": 1}, (0, 1)),
}


@pytest.mark.parametrize("kind", STYLERS)
def test_a_node_with_two_texts_gives_the_one_of_its_output(kind: str) -> None:
    inputs, outputs = STYLERS[kind]
    boxes: Entries = {"2": node("Text", text="a red boat"), "3": node("Text", text="fog")}
    assert text(node(kind, **inputs), boxes, outputs[0], "positive") == "a red boat"
    assert text(node(kind, **inputs), boxes, outputs[1], "negative") == "fog"
    assert text(node(kind, **inputs), boxes, outputs[0], "negative") in ("", "a red boat")


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("TextGenerate", {"prompt": "write about a boat", "max_length": 512, "clip": link("m")}),
        ("OllamaGenerateV2", {"prompt": "write about a boat", "system": "be brief"}),
        ("SomebodysWriter", {"prompt": "write about a boat", "temperature": 0.7}),
        ("Florence2Run", {"text_input": "describe", "task": "caption", "image": link("i")}),
        ("WD14Tagger|pysssss", {"image": link("i"), "model": "wd", "exclude_tags": "boat"}),
        ("LoadTextFromFile", {"file_path": "boats.txt"}),
        ("WAS Prompt Styles", {"style": "oil"}),
        ("Random Line", {"text": "a red boat\na tin boat", "seed": 4}),
        ("ShowText|pysssss", {"text": link("missing")}),
        ("easy promptList", {"prompt_1": "a red boat", "prompt_2": "fog"}),
    ],
)
def test_a_text_that_is_not_in_the_graph_is_not_guessed(kind: str, inputs: Entries) -> None:
    others = {"i": node("LoadImage", image="boat.png"), "m": node("CLIPLoader", clip_name="boat")}
    assert text(node(kind, **inputs), others) == ""


def test_what_a_language_model_wrote_is_read_where_it_was_shown() -> None:
    written = node("OllamaGenerateV2", prompt="write about a boat")
    assert text(node("ShowText|pysssss", text=link("2"), text_0="a red boat"), {"2": written}) == "a red boat"


def test_texts_end_in_cycles_and_stay_within_their_budget() -> None:
    doubled: Entries = {
        str(at): node("Concat", string_a=link(str(at + 1)), string_b=link(str(at + 1)), delimiter="-" * 999)
        for at in range(1, 30)
    }
    assert 0 < len(text(doubled.pop("1"), {**doubled, "30": node("String", value="boat")})) < 2**20
    assert text(node("Concat", string_a=link("1"), string_b=link("2")), {"2": node("Text", text=link("1"))}) == ""
    grown: Entries = {
        str(at): node("StringReplace", string=link(str(at + 1)), find="a", replace="a" * 1000) for at in range(1, 20)
    }
    assert len(text(grown.pop("1"), {**grown, "20": node("String", value="a")})) < 2**22
