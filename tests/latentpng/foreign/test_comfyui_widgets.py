"""The values of widgets in the editor's graph of ComfyUI: which name each of them has."""

from __future__ import annotations

import pytest

from latentpng.foreign.tools.comfyui.editor import EditorNode, Slot
from latentpng.foreign.tools.comfyui.widgets import Widgets, widgets_of
from latentpng.record import Json


def widgets(kind: str, values: Json, slots: tuple[Slot, ...] = (), outputs: tuple[str, ...] = ()) -> Widgets:
    return widgets_of(EditorNode(key="1", kind=kind, slots=slots, outputs=outputs, values=values))


def named(kind: str, *values: Json, outputs: tuple[str, ...] = (), inputs: tuple[str, ...] = ()) -> dict[str, Json]:
    slots = tuple(Slot(name=each.lower(), kind=each, origin=("9", 0)) for each in inputs)
    return dict(widgets(kind, list(values), slots, outputs).values)


def test_nodes_that_are_known() -> None:
    assert named("KSampler", 5, "randomize", 20, 8, "euler", "normal", 1) == {
        "seed": 5,
        "steps": 20,
        "cfg": 8,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1,
    }
    assert named("KSamplerAdvanced", "enable", 5, "fixed", 20, 8, "euler", "normal", 0, 10, "disable") == {
        "add_noise": "enable",
        "noise_seed": 5,
        "steps": 20,
        "cfg": 8,
        "sampler_name": "euler",
        "scheduler": "normal",
        "start_at_step": 0,
        "end_at_step": 10,
        "return_with_leftover_noise": "disable",
    }
    assert named("LoadImage", "a.png", "image") == {"image": "a.png"}
    assert named("ConditioningAverage ", 0.5) == {"conditioning_to_strength": 0.5}
    assert named("Seed (rgthree)", 5, None, None, None)["seed"] == 5


def test_a_single_word_is_a_text_where_the_node_is_called_so() -> None:
    assert named("My Text Box", "boat", outputs=("STRING",)) == {"text": "boat"}


def test_a_node_of_a_service_has_a_prompt() -> None:
    found = named("LumaImageNode", "photon-1", "a red boat", "3:4", 7, "fixed", outputs=("IMAGE",))
    assert found == {"prompt": "a red boat", "seed": 7}
    assert named("OpenAIDalle2", "boat", outputs=("IMAGE",)) == {"prompt": "boat"}


def test_the_names_of_newer_editors_count_before_the_table() -> None:
    slots = tuple(Slot(name=name, widget=name) for name in ("steps", "seed"))
    found = widgets("KSampler", [20, 5, "increment"], slots)
    assert found == Widgets(values={"steps": 20, "seed": 5}, changing=frozenset({"seed"}))


def test_the_order_of_the_table_counts_for_the_same_names() -> None:
    slots = tuple(Slot(name=name, widget=name, origin=("2", 0)) for name in ("height", "width", "batch_size"))
    assert widgets("EmptyLatentImage", [512, 768, 1], slots).values == {"width": 512, "height": 768, "batch_size": 1}


def test_values_of_buttons_behind_the_named_ones_are_dropped() -> None:
    slots = tuple(Slot(name=name, widget=name) for name in ("words", "count"))
    assert widgets("A stranger's node", ["boat", 3, "", "refresh"], slots).values == {"words": "boat", "count": 3}


def test_an_object_that_names_the_text_is_no_value() -> None:
    rows: list[Json] = [{"name": "sails", "strength": "0.6", "active": True}]
    naming: Json = {"version": 1, "textWidgetName": "text"}
    expected = {"text": "<lora:sails:0.6>", "loras": rows}
    assert named("Lora Loader (LoraManager)", naming, "<lora:sails:0.6>", rows) == expected
    assert named("Lora Loader (LoraManager)", "<lora:sails:0.6>", rows) == expected


def test_a_single_converted_widget_does_not_name_all_values() -> None:
    slots = (Slot(name="steps", widget="steps", origin=("2", 0)),)
    assert widgets("KSampler", [5, "fixed", 20, 8, "euler", "normal", 1], slots).values["cfg"] == 8


def test_versions_of_a_node_are_told_by_the_number_of_values() -> None:
    start: list[Json] = ["a.safetensors", "Baked VAE", -1, "None", 1, 1, "a boat", "fog"]
    assert named("Efficient Loader", *start, 512, 768, 1)["empty_latent_height"] == 768
    assert named("Efficient Loader", *start, "none", "comfy", 512, 768, 1)["empty_latent_height"] == 768
    assert named("Text Concatenate", "true") == {}
    assert named("Text Concatenate", ", ", "true")["delimiter"] == ", "


def test_versions_of_a_node_that_differ_before_the_seed() -> None:
    older = named("FaceDetailer", 256, True, 9, "fixed", 20, 8, "euler", "normal", 0.5)
    newer = named("FaceDetailer", 256, True, 768, 9, "fixed", 20, 8, "euler", "normal", 0.5)
    assert (older["seed"], older["steps"], older["denoise"]) == (9, 20, 0.5)
    assert {**older, "max_size": 768} == newer
    first = named("KSampler (Efficient)", "Sample", 4294967297, True, 12, 8, "euler", "normal", 1, "none")
    assert (first["seed"], first["steps"], first["cfg"], first["sampler_name"]) == (4294967297, 12, 8, "euler")


def test_values_may_have_their_names() -> None:
    found = widgets("Seed Generator", {"seed_value": 3, "control_after_generate": "randomize"})
    assert found.changing == {"seed_value"}
    found = widgets("VHS_Batch", {"seed": 3, "control_after_generate": "randomize", "rate": 8})
    assert found.values["rate"] == 8
    assert "seed" in found.changing


def test_rows_of_lora_files_are_numbered() -> None:
    rows: list[Json] = [
        {},
        {"type": "PowerLoraLoaderHeaderWidget"},
        {"on": True, "lora": "a.safetensors", "strength": 0.5},
        {"on": False, "lora": "b.safetensors", "strength": 1},
        {},
        "",
    ]
    assert named("Power Lora Loader (rgthree)", *rows) == {"lora_1": rows[2], "lora_2": rows[3]}


@pytest.mark.parametrize(
    ("values", "inputs", "outputs", "expected"),
    [
        (
            ["sample", 41, "randomize", 22, 6.5, "euler_ancestral", "karras", 1.0],
            ("MODEL", "LATENT"),
            ("LATENT",),
            {
                "seed": 41,
                "steps": 22,
                "cfg": 6.5,
                "denoise": 1.0,
                "sampler_name": "euler_ancestral",
                "scheduler": "karras",
            },
        ),
        (["cut", 832, 1216, 2], (), ("LATENT",), {"width": 832, "height": 1216, "batch_size": 2}),
        ([832, 480, 81, 1], (), ("LATENT",), {"width": 832, "height": 480, "length": 81, "batch_size": 1}),
        ([1, 2], (), ("LATENT",), {}),
        (["fp8", "m.safetensors"], (), ("MODEL", "CLIP", "VAE"), {"ckpt_name": "m.safetensors"}),
        (["m.gguf"], (), ("MODEL",), {"unet_name": "m.gguf"}),
        (["v.pt"], (), ("VAE",), {"vae_name": "v.pt"}),
        (["l.safetensors", 0.5], ("MODEL",), ("MODEL",), {"lora_name": "l.safetensors", "strength_model": 0.5}),
        (["A1111", "a red boat on a lake"], ("CLIP",), ("CONDITIONING",), {"text": "a red boat on a lake"}),
        (["fog"], ("CLIP",), ("CONDITIONING",), {"text": "fog"}),
        (["boolean", "linear"], ("CLIP",), ("CONDITIONING",), {}),
        (["v2 (replace)"], ("CONDITIONING",), ("CONDITIONING",), {}),
        (["a red boat"], (), ("STRING",), {"text": "a red boat"}),
        (["some-model-pro"], (), ("STRING",), {}),
        ([8], (), ("INT",), {"value": 8}),
        ([8, "fixed"], (), ("INT",), {"seed": 8}),
        ([8, True, None, [], {}], (), (), {}),
    ],
)
def test_names_of_unknown_nodes_are_guessed(
    values: list[Json], inputs: tuple[str, ...], outputs: tuple[str, ...], expected: dict[str, Json]
) -> None:
    found = named("A stranger's node", *values, inputs=inputs, outputs=outputs)
    found.pop("lora_1", None)
    assert found == expected


@pytest.mark.parametrize("values", [None, 3, "text", True, [], {}, [[]], [{}], [None], ["fixed"], ["fixed", "fixed"]])
def test_values_of_a_wrong_type_have_no_names(values: Json) -> None:
    assert widgets("A stranger's node", values) == Widgets(values={})
