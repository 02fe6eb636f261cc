"""Targets of prompts: their style, and the LoRA files and textual inversions that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidRequestError, ModelError
from engine.models.find import model_identity, remember_model, same_weights
from engine.models.fingerprints import file_digest
from engine.models.prompt_styles import takes_weights
from engine.options import Options
from engine.rendering.requests import EmbeddingChoice, LoraChoice, ModelChoice
from engine.target import Target, target_for_prompt, target_for_record
from latentpng.record import Json, LatentRecord
from tests.support.engine.folders import change_index, empty_home, model_folder, tensors
from tests.support.latentpng.pictures import altered, seeded_record

INK, MOSS = ("lora_up.weight",), ("lora_down.weight",)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, with nothing else in the environment."""
    return empty_home(tmp_path, monkeypatch)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The folders of A1111 in an unusual place, with a model, two LoRA files and textual inversions."""
    root = tmp_path / "sd"
    model_folder(root / "models" / "Stable-diffusion" / "pony" / "lakes")
    tensors(root / "models" / "Lora" / "styles" / "ink.safetensors", INK)
    tensors(root / "models" / "Lora" / "moss.safetensors", MOSS)
    tensors(root / "embeddings" / "easynegative.safetensors", ("emb_params",))
    tensors(root / "embeddings" / "neg" / "Bad Hands v1.2.safetensors", ("emb_params",), byte=b"\2")
    tensors(root / "embeddings" / "checkpoint.safetensors", tuple("abcdef"))
    (root / "embeddings" / "old.pt").write_bytes(b"")
    return root


def options(tree: Path, **more: object) -> Options:
    return Options(model=str(tree / "models/Stable-diffusion/pony/lakes"), **more)  # type: ignore[arg-type]  # by name


def lora(tree: Path, name: str, weight: float = 1.0) -> LoraChoice:
    return LoraChoice(path=str(tree / "models" / "Lora" / f"{name}.safetensors"), weight=weight)


def inversions(target: Target) -> dict[str, str]:
    return {choice.word: Path(choice.path).name for choice in target.load.model.embeddings}


@pytest.mark.parametrize(
    ("pipeline", "style"),
    [
        ("StableDiffusionPipeline", "a1111"),
        ("StableDiffusionXLPipeline", "a1111"),
        ("LatentConsistencyModelPipeline", "a1111"),
        ("FluxPipeline", "plain"),
        ("StableDiffusion3Pipeline", "plain"),
        ("KolorsPipeline", "plain"),
    ],
)
def test_the_style_of_a_new_prompt_is_that_of_the_family(tmp_path: Path, pipeline: str, style: str) -> None:
    change_index(model_folder(tmp_path / "model"), _class_name=pipeline)
    chosen = Options(model=str(tmp_path / "model"))
    assert target_for_prompt(chosen, "a (cat:1.2)").settings.prompt_style == style
    plain = target_for_prompt(Options(model=str(tmp_path / "model"), prompt_style="plain"), "a [b|c]")
    assert (plain.settings.prompt_style, plain.settings.prompt) == ("plain", "a [b|c]")
    assert takes_weights(pipeline) is (style == "a1111")


def test_the_model_that_ships_has_plain_prompts() -> None:
    assert target_for_prompt(Options(), "a lake").settings.prompt_style == "plain"
    assert target_for_prompt(Options(prompt_style="comfyui"), "a lake").settings.prompt_style == "comfyui"


def test_a_style_that_a_model_does_not_have_is_refused(tmp_path: Path) -> None:
    change_index(model_folder(tmp_path / "flux"), _class_name="FluxPipeline")
    with pytest.raises(InvalidRequestError) as caught:
        target_for_prompt(Options(model=str(tmp_path / "flux"), prompt_style="comfyui"), "a lake")
    assert str(caught.value) == (
        "--prompt-style comfyui is for Stable Diffusion 1 and 2 and SDXL, and 'flux' is a FluxPipeline: leave it out"
    )


def test_what_is_no_weight_is_refused_before_anything_is_loaded(tree: Path) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        target_for_prompt(options(tree), "a cat AND a dog")
    assert str(caught.value) == (
        "the prompt joins prompts with AND, which warmer cannot do: write and in small letters, "
        "or add --prompt-style plain"
    )
    with pytest.raises(InvalidRequestError, match=r"^the negative prompt changes its words between steps, "):
        target_for_prompt(options(tree, negative_prompt="[a:b:0.5]"), "a cat")


def test_a_lora_in_the_prompt_is_loaded_and_its_tag_taken_out(tree: Path) -> None:
    for style in ("a1111", "comfyui", "plain"):
        target = target_for_prompt(
            options(tree, prompt_style=style), "<lora:INK:0.8>a cat <lyco:moss> <lora:styles/ink.safetensors:.2:.2>"
        )
        assert target.load.model.loras == (
            lora(tree, "styles/ink", 0.8),
            lora(tree, "moss"),
            lora(tree, "styles/ink", 0.2),
        )
        assert target.settings.prompt == "a cat"


def test_a_lora_that_is_unknown_or_unwanted_stays_in_the_prompt(tree: Path) -> None:
    text = "a cat <lora:none:0.8><hypernet:ink:1><lora:ink:much>"
    target = target_for_prompt(options(tree), text)
    assert (target.settings.prompt, target.load.model.loras) == (text, ())
    target = target_for_prompt(options(tree, loras=("none",)), "a cat <lora:ink>")
    assert (target.settings.prompt, target.load.model.loras) == ("a cat <lora:ink>", ())
    assert target.notice == ""


def test_unknown_names_are_said_with_similar_ones(tree: Path, home: Path) -> None:
    text = "a cat <lora:inc:0.8>, embedding:easy"
    unknown = "the LoRA 'inc' of the prompt is unknown{}; the textual inversion 'easy' of the prompt is unknown{}"
    config = home / "xdg_config_home" / "warmer" / "config.toml"
    nowhere = f", and no folder of {{}}s is known here: name yours in {str(config).replace(str(home), '~')}"
    found = target_for_prompt(options(tree), text).notice
    assert found == unknown.format(nowhere.format("LoRA"), nowhere.format("textual inversion"))
    tree.rename(home / "stable-diffusion-webui")
    model_folder(home / "lakes")
    found = target_for_prompt(Options(model=str(home / "lakes")), text).notice
    assert found == unknown.format(
        ", and no LoRA of this name in ~/stable-diffusion-webui/models/Lora; similar names: 'styles/ink'",
        ", and no textual inversion of this name in ~/stable-diffusion-webui/embeddings; similar names: 'easynegative'",
    )


def test_thousands_of_unknown_names_are_a_few_sentences(tree: Path) -> None:
    text = " ".join(f"<lora:nothing{number}:0.8>" for number in range(3000))
    notice = target_for_prompt(options(tree), text).notice
    assert len(notice) < 3000
    assert "'nothing7' of the prompt is unknown" in notice
    assert notice.endswith("; 2,992 more names in the prompts are as these")


def test_an_option_of_the_same_lora_decides_its_weight(tree: Path) -> None:
    chosen = options(tree, loras=(f"{lora(tree, 'moss').path}:2",))
    target = target_for_prompt(chosen, "a <lora:moss:0.5> cat <lora:ink:0.5>")
    assert target.load.model.loras == (lora(tree, "moss", 2.0), lora(tree, "styles/ink", 0.5))
    assert target.settings.prompt == "a  cat"


def test_the_names_of_files_decide_which_tag_an_option_stands_for(tree: Path) -> None:
    for name in ("ink_v1", "ink_v1.5"):
        tensors(tree / "models" / "Lora" / f"{name}.safetensors", INK)
    chosen = options(tree, loras=(str(lora(tree, "ink_v1").path),))
    target = target_for_prompt(chosen, "<lora:ink_v1.5:0.8> a cat <lora:any\\INK_v1.safetensors:0.5>")
    assert target.load.model.loras == (lora(tree, "ink_v1"), lora(tree, "ink_v1.5", 0.8))
    assert target.settings.prompt == "a cat"


def test_what_a_tag_says_besides_its_weight_is_named(tree: Path) -> None:
    target = target_for_prompt(options(tree), "a cat <lora:ink:0.8:lbw=OUTALL:stop=20><lora:moss:te=0.5:unet=0.5>")
    assert target.load.model.loras == (lora(tree, "styles/ink", 0.8), lora(tree, "moss", 0.5))
    assert target.settings.prompt == "a cat"
    assert target.notice == (
        "'lbw=OUTALL:stop=20' of '<lora:ink:0.8:lbw=OUTALL:stop=20>' was left out: "
        "the LoRA has one weight for all its layers and all steps"
    )


@pytest.mark.parametrize(
    ("tag", "sentence"),
    [
        (
            "<lora:ink:te=0.8:unet=0.5>",
            "the prompt gives a LoRA different weights for its parts, '<lora:ink:te=0.8:unet=0.5>', which warmer "
            "cannot do: write one weight, for example <lora:ink:0.5>",
        ),
        (
            "<lora:ink:0.8:0.5>",
            "the prompt gives a LoRA different weights for its parts, '<lora:ink:0.8:0.5>', which warmer cannot do: "
            "write one weight, for example <lora:ink:0.5>",
        ),
        ("<lora:ink:-101>", "the weight of a LoRA is a number from -100 to 100, found '<lora:ink:-101>'"),
    ],
)
def test_a_tag_with_impossible_weights_is_refused(tree: Path, tag: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        target_for_prompt(options(tree), f"a cat {tag}")
    assert str(caught.value) == sentence


def test_a_file_that_is_no_lora_is_refused(tree: Path) -> None:
    tensors(tree / "models" / "Lora" / "fake.safetensors", ("weight",))
    with pytest.raises(ModelError) as caught:
        target_for_prompt(options(tree), "a cat <lora:fake:1>")
    assert str(caught.value) == "fake.safetensors holds no LoRA: none of its tensors is named like one"


def test_textual_inversions_are_found_by_their_names(tree: Path) -> None:
    chosen = options(tree, negative_prompt="(EasyNegative:1.2), bad hands v1.2, embedding:old, checkpoint")
    found = inversions(target_for_prompt(chosen, "a easynegativecat, old."))
    assert found == {
        "old": "old.pt",
        "EasyNegative": "easynegative.safetensors",
        "bad hands v1.2": "Bad Hands v1.2.safetensors",
    }
    chosen = options(tree, negative_prompt='"easynegative", (a:1.2)', prompt_style="a1111")
    assert inversions(target_for_prompt(chosen, "a, old:1.2")) == {
        "old": "old.pt",
        "easynegative": "easynegative.safetensors",
    }
    chosen = options(tree, negative_prompt="easynegative embedding:easynegative,", prompt_style="comfyui")
    assert inversions(target_for_prompt(chosen, "old")) == {"easynegative": "easynegative.safetensors"}
    chosen = options(tree, negative_prompt="easynegative", prompt_style="plain")
    assert inversions(target_for_prompt(chosen, "old")) == {}


def test_copies_of_an_inversion_in_several_programs_are_one(tree: Path, home: Path) -> None:
    other = tree.rename(home / "stable-diffusion-webui")
    copy = tensors(home / "ComfyUI" / "models" / "embeddings" / "easynegative.safetensors", ("emb_params",))
    model = model_folder(home / "lakes")
    chosen = Options(model=str(model), negative_prompt="easynegative")
    assert inversions(target_for_prompt(chosen, "a")) == {"easynegative": "easynegative.safetensors"}
    tensors(copy, ("emb_params",), byte=b"\3")
    with pytest.raises(ModelError) as caught:
        target_for_prompt(chosen, "a")
    assert str(caught.value).startswith("2 different files are called 'easynegative': ")
    inside = Options(model=str(other / "models/Stable-diffusion/pony/lakes"), negative_prompt="easynegative")
    (choice,) = target_for_prompt(inside, "a").load.model.embeddings
    assert choice.path == str(other / "embeddings" / "easynegative.safetensors"), "what is beside the model comes first"


def record_of(settings: dict[str, Json]) -> LatentRecord:
    record = seeded_record()
    return altered(record, settings={**record.settings, **settings})


def made_with(tree: Path, prompt: str, negative: str = "") -> tuple[LatentRecord, ModelChoice]:
    """Return a record as the worker writes it, with the model remembered."""
    target = target_for_prompt(options(tree, negative_prompt=negative), prompt)
    identity = model_identity(target.load.model)
    remember_model(target.load.model, identity)
    return record_of({**target.settings.to_json(), "model": identity}), target.load.model


def test_a_picture_finds_its_parts_again_by_their_digests(tree: Path) -> None:
    record, model = made_with(tree, "a cat <lora:ink:0.8>", "easynegative")
    entry = record.settings["model"]
    assert isinstance(entry, dict)
    path = tree / "embeddings" / "easynegative.safetensors"
    assert entry["embeddings"] == [{"name": "easynegative", "sha256": file_digest(path)}]
    target = target_for_record(Options(), record)
    assert (target.load.model, target.notice, target.is_as_recorded) == (model, "", True)
    path.unlink()
    target = target_for_record(Options(), record)
    assert target.load.model.embeddings == (EmbeddingChoice(path="", word="easynegative"),)
    assert target.notice == (
        "some conditions differ from when this picture was made: textual inversions easynegative then, none now"
    )
    assert not target.is_as_recorded


def test_a_picture_of_our_own_gets_no_part_that_it_was_made_without(tree: Path) -> None:
    record, model = made_with(tree, "a cat <lora:later:0.8>", "moonrise")
    tensors(tree / "models" / "Lora" / "later.safetensors", INK)
    tensors(tree / "embeddings" / "moonrise.safetensors", ("emb_params",))
    target = target_for_record(Options(), record)
    assert (target.load.model, target.settings.prompt) == (model, "a cat <lora:later:0.8>")
    assert target.is_as_recorded
    changed = target_for_record(Options(negative_prompt="moonrise, dark"), record)
    assert inversions(changed) == {"moonrise": "moonrise.safetensors"}


def test_an_old_picture_keeps_its_plain_prompt(tree: Path) -> None:
    record, model = made_with(tree, "a cat")
    old = altered(record, settings={**record.settings, "prompt": "a (cat:1.2) [b|c] <lora:ink:0.8>"})
    old = altered(old, settings={key: value for key, value in old.settings.items() if key != "prompt_style"})
    target = target_for_record(Options(), old)
    assert (target.settings.prompt_style, target.settings.prompt) == ("plain", "a (cat:1.2) [b|c] <lora:ink:0.8>")
    assert (target.load.model, target.is_as_recorded) == (model, True)


def test_the_prompt_of_an_import_is_read_like_a_new_one(tree: Path) -> None:
    settings: dict[str, Json] = {"prompt": "a cat <lora:ink:0.8>", "negative_prompt": "easynegative", "width": 64}
    record = record_of({**settings, "prompt_style": "a1111", "model": {"name": "lakes"}})
    target = target_for_record(options(tree), record)
    assert (target.settings.prompt, target.load.model.loras) == ("a cat", (lora(tree, "styles/ink", 0.8),))
    assert inversions(target) == {"easynegative": "easynegative.safetensors"}
    confirmed = altered(record, settings={**record.settings, "confirmed": {"model": model_identity(target.load.model)}})
    remember_model(target.load.model, model_identity(target.load.model))
    again = target_for_record(Options(), confirmed)
    assert again.load.model == target.load.model
    assert (again.settings.prompt, again.is_as_recorded) == ("a cat", False)


def test_the_tags_of_an_import_are_followed_for_a_model_without_weights_too(tree: Path) -> None:
    change_index(model_folder(tree / "models" / "diffusers" / "flux"), _class_name="FluxPipeline")
    record = record_of({"prompt": "a cat <lora:ink:0.8>", "prompt_style": "a1111", "model": {"name": "flux"}})
    target = target_for_record(Options(model=str(tree / "models" / "diffusers" / "flux")), record)
    assert (target.settings.prompt, target.settings.prompt_style) == ("a cat", "plain")
    assert target.load.model.loras == (lora(tree, "styles/ink", 0.8),)


def test_a_style_of_a_picture_is_given_up_where_the_model_has_none(tree: Path, tmp_path: Path) -> None:
    record, _ = made_with(tree, "a (cat:1.2)")
    change_index(model_folder(tmp_path / "flux"), _class_name="FluxPipeline")
    target = target_for_record(Options(model=str(tmp_path / "flux")), record)
    assert (target.settings.prompt_style, target.settings.prompt) == ("plain", "a (cat:1.2)")


def test_weights_differ_by_their_inversions() -> None:
    one: dict[str, Json] = {"fingerprint": "f", "embeddings": [{"name": "a", "sha256": "1"}]}
    assert same_weights(one, {"fingerprint": "f", "embeddings": [{"name": "b", "sha256": "1"}]})
    assert not same_weights(one, {"fingerprint": "f"})
    assert same_weights({"fingerprint": "f", "embeddings": "strange"}, {"fingerprint": "f"})
