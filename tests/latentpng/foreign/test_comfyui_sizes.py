"""Sizes in graphs of ComfyUI: in numbers, in the texts of presets, behind links, calculated."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.tools.comfyui.arithmetic import evaluate, operate
from tests.support.foreign.samples_comfyui import SIMPLE, Entries, link, node, sampler


def size(graph: Entries) -> tuple[int, int]:
    """Return the size of a graph's latents."""
    found = foreign_from_texts({"prompt": json.dumps(graph)})
    return found.width, found.height


MAKERS: tuple[tuple[str, Entries, tuple[int, int]], ...] = (
    ("SDXL Empty Latent Image (rgthree)", {"dimensions": " 832 x 1216  (portrait)"}, (832, 1216)),
    ("EmptyLatentImagePresets", {"dimensions": "832 x 1216 (0.68)", "invert": False}, (832, 1216)),
    ("EmptyLatentImagePresets", {"dimensions": "832 x 1216 (0.68)", "invert": True}, (1216, 832)),
    ("SDXLEmptyLatentSizePicker+", {"resolution": "896x1152 (0.78)", "width_override": 0}, (896, 1152)),
    (
        "SDXLEmptyLatentSizePicker+",
        {"resolution": "896x1152 (0.78)", "width_override": 640, "height_override": 0},
        (640, 1152),
    ),
    (
        "CR SDXL Aspect Ratio",
        {"width": 1024, "height": 1024, "aspect_ratio": "3:4 portrait 896x1152", "swap_dimensions": "Off"},
        (896, 1152),
    ),
    (
        "CR SDXL Aspect Ratio",
        {"width": 1024, "height": 1024, "aspect_ratio": "3:4 portrait 896x1152", "swap_dimensions": "On"},
        (1152, 896),
    ),
    (
        "CR SDXL Aspect Ratio",
        {"width": 640, "height": 704, "aspect_ratio": "custom", "swap_dimensions": "Off", "upscale_factor": 2.0},
        (640, 704),
    ),
    (
        "CR Aspect Ratio",
        {"width": 8, "height": 8, "aspect_ratio": "SD1.5 - 3:4 portrait 512x682", "prescale_factor": 2.0},
        (1024, 1364),
    ),
    ("easy fullLoader", {"resolution": "512 x 768", "empty_latent_width": 8, "empty_latent_height": 8}, (512, 768)),
    (
        "easy fullLoader",
        {"resolution": "width x height (custom)", "empty_latent_width": 320, "empty_latent_height": 448},
        (320, 448),
    ),
    ("SDXL Resolutions (JPS)", {"resolution": "landscape - 1216x832 (19:13)"}, (1216, 832)),
    ("Size Picker", {"size_preset": "768×1344"}, (768, 1344)),
    ("ResolutionSelector", {"aspect_ratio": "16:9 (Widescreen)", "megapixels": 1.0}, (1368, 768)),
    ("FluxResolutionNode", {"aspect_ratio": "9:16 (Slim Vertical)", "megapixel": "1.0"}, (768, 1344)),
    (
        "FluxResolutionNode",
        {
            "aspect_ratio": "1:1 (Perfect Square)",
            "megapixel": "1.0",
            "custom_ratio": True,
            "custom_aspect_ratio": "2:1",
            "divisible_by": "32",
        },
        (1408, 704),
    ),
    ("Sizes", {"resolution": "1216x832", "orientation": "portrait"}, (832, 1216)),
    ("Sizes", {"resolution": "1216x832", "orientation": "landscape"}, (1216, 832)),
    ("Sizes", {"resolution": "832x1216", "orientation": "Landscape (wide)"}, (1216, 832)),
    ("Empty Latent", {"ratio": "3:4", "width": 320, "height": 448}, (320, 448)),
    ("Empty Latent", {"aspect_ratio": "1:0", "megapixels": 1.0}, (0, 0)),
)


@pytest.mark.parametrize(("kind", "inputs", "expected"), MAKERS)
def test_a_node_that_makes_latents_has_their_size(kind: str, inputs: Entries, expected: tuple[int, int]) -> None:
    assert size({**SIMPLE, "5": node(kind, **inputs)}) == expected


@pytest.mark.parametrize(("kind", "inputs", "expected"), MAKERS)
def test_a_node_that_answers_a_size_gives_it_to_an_empty_latent(
    kind: str, inputs: Entries, expected: tuple[int, int]
) -> None:
    latent = node("EmptyLatentImage", width=link("20"), height=link("20", 1), batch_size=1)
    assert size({**SIMPLE, "5": latent, "20": node(kind, **inputs)}) == expected


def test_width_and_height_that_are_linked_crosswise_are_swapped() -> None:
    latent = node("EmptyLatentImage", width=link("20", 1), height=link("20", 0), batch_size=1)
    assert size({**SIMPLE, "5": latent, "20": node("Sizes", width=512, height=768)}) == (768, 512)


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        (node("INTConstant", value=320), 320),
        (node("MathExpression|pysssss", expression="a * 2 + 64", a=link("21")), 320),
        (node("SimpleMath+", value="round(a * 2.5)", a=link("21")), 320),
        (node("ComfyMathExpression", expression="max(a, 320)", **{"values.a": link("21")}), 320),
        (node("CM_IntBinaryOperation", op="Add", a=link("21"), b=192), 320),
        (node("easy mathInt", operation="multiply", a=link("21"), b=2), 256),
        (node("Number Operation", operation="addition", number_a=link("21"), number_b=1), 129),
        (node("Unknown Operation", op="Twist", a=link("21"), b=192), 0),
        (node("MathExpression|pysssss", expression="9**9**9**9", a=link("21")), 0),
    ],
)
def test_a_side_is_calculated(maker: Entries, expected: int) -> None:
    latent = node("EmptyLatentImage", width=link("20"), height=64, batch_size=1)
    graph = {**SIMPLE, "5": latent, "20": maker, "21": node("PrimitiveInt", value=128)}
    assert size(graph) == ((expected, 64) if expected else (0, 0))


def test_the_nearest_size_counts() -> None:
    graph = {**SIMPLE, "3": sampler(link("20")), "20": node("LatentUpscale", samples=link("5"), width=640, height=832)}
    assert size(graph) == (640, 832)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a +",
        "a.b",
        "open('x')",
        "2 ** 3",
        "1 / 0",
        "round(5, -9999999999)",
        "round(5, 1.5)",
        "1if 1else 2",
        "b",
        "True",
        "9" * 400,
        "[1]",
        "min()",
        "1e300 * 1e300",
    ],
)
def test_expressions_that_are_not_sums_of_numbers_have_no_result(expression: str) -> None:
    assert evaluate(expression, lambda name: 3 if name == "a" else None) is None


def test_a_long_row_of_signs_is_calculated_without_harm() -> None:
    assert evaluate("round(1250, -2) + round(a, 1)", lambda _: 2.25) == 1202.2
    assert evaluate("-" * 199 + "1", lambda _: None) == -1


def test_operations_have_words_and_signs() -> None:
    words = ("Add", "subtract", "*", "division", "floor division", "modulo", "power")
    assert [operate(word, 7, 2) for word in words] == [9, 5, 14, 3.5, 3, 1, None]
    assert operate("/", 1, 0) is None


def test_cycles_and_many_links_end() -> None:
    wide: Entries = {f"w{at}": node("Sizes", width=link("w0"), height=link(f"w{at + 1}")) for at in range(300)}
    assert size({**SIMPLE, "5": node("EmptyLatentImage", width=link("w0"), height=link("w1")), **wide}) == (0, 0)
    many: Entries = {
        f"m{at}": node("Math", expression="a + b", a=link(f"m{at + 1}"), b=link(f"m{at + 1}")) for at in range(300)
    }
    assert size({**SIMPLE, "5": node("EmptyLatentImage", width=link("m0"), height=64), **many}) == (0, 0)
