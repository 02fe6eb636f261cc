"""Embeddings of weighted prompts, against a derivation with numpy and loops from the encoders' hidden states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.diffusion.prompt_offset import PromptOffsets
from engine.diffusion.weighted_prompts import same_length
from engine.errors import RenderError
from engine.rendering.requests import EmbeddingChoice
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.families.parts import WIDTH
from tests.support.engine.prompt_encoders import SECOND_WIDTH, Encoded, build, inversion

pytestmark = pytest.mark.slow

FAMILIES = ("SD 1", "SD 2", "SDXL")
LENGTH = 46
"""The tokens of a chunk: the tiny tokenizer reads 48 with start and end."""


@pytest.fixture(scope="module", params=FAMILIES)
def encoded(request: pytest.FixtureRequest) -> Encoded:
    return Encoded(build(request.param))


@pytest.fixture(scope="module")
def sd1() -> Encoded:
    return Encoded(build("SD 1"))


def parts(pipe: Any) -> list[tuple[Any, Any]]:
    second = getattr(pipe, "text_encoder_2", None)
    return [(pipe.tokenizer, pipe.text_encoder), *([(pipe.tokenizer_2, second)] if second else [])]


def states(pipe: Any, words: list[list[int]], number: int, layer: int = 0) -> NDArray[np.float64]:
    """Return (chunks, tokens, D) of one text encoder; `layer` counts from the end, 0 is the family's own."""
    tokens, encoder = parts(pipe)[number]
    rows = []
    for chunk in words:
        ids = [tokens.bos_token_id, *chunk, tokens.eos_token_id]
        ids += [tokens.pad_token_id] * (LENGTH + 2 - len(ids))
        with torch.no_grad():
            output = encoder(torch.tensor([ids]), output_hidden_states=True)
            if len(parts(pipe)) == 2:
                rows.append(output.hidden_states[-(layer or 2)][0])
            else:
                rows.append(encoder.final_layer_norm(output.hidden_states[-(layer or 1)])[0])
    return torch.stack(rows).numpy().astype(np.float64)


def ids(pipe: Any, text: str) -> list[int]:
    found: list[int] = pipe.tokenizer(text, add_special_tokens=False)["input_ids"]
    return found


def embeds(result: Any, index: int = 0) -> NDArray[np.float64]:
    values: NDArray[np.float64] = result[index][0].numpy().astype(np.float64)
    return values


@pytest.mark.parametrize("negative", ["", "dark, (sky:1)"])
@pytest.mark.parametrize("style", ["a1111", "comfyui"])
def test_a_prompt_without_weights_has_the_bits_of_the_plain_pipeline(
    encoded: Encoded, style: str, negative: str
) -> None:
    plain_negative = negative.replace("(sky:1)", "sky")
    if style == "comfyui" and not negative:
        plain_negative = " "  # ComfyUI encodes an empty negative prompt, for which SDXL takes zeros
    plain = encoded("a lake, a red sun", plain_negative, style="plain")
    weighted = encoded("a (lake:1.0), a red sun", negative, style=style)
    assert len(plain) == len(weighted)
    for one, other in zip(plain, weighted, strict=True):
        assert torch.equal(one, other) if isinstance(one, torch.Tensor) else one is other is None
    assert encoded.warnings == []


def test_sdxl_takes_zeros_for_an_empty_negative_prompt_except_in_comfyui() -> None:
    encoded = Encoded(build("SDXL"))
    assert not encoded("a lake", style="a1111")[1].any()
    assert encoded("a lake", style="comfyui")[1].any()


def test_a1111_multiplies_and_restores_the_mean_of_each_chunk(encoded: Encoded) -> None:
    pipe = encoded.pipe
    found = embeds(encoded("a (red:1.3) [lake] BREAK a (sun:0.5)", "dark BREAK sky"))
    chunks = [[*ids(pipe, "a"), *ids(pipe, "red"), *ids(pipe, "lake")], [*ids(pipe, "a"), *ids(pipe, "sun")]]
    weights = np.ones((2, LENGTH + 2))
    weights[0, 2], weights[0, 3], weights[1, 2] = 1.3, 1 / 1.1, 0.5
    assert [len(chunk) for chunk in chunks] == [3, 2]
    sides = []
    for number in range(len(parts(pipe))):
        rows = []
        for chunk, state in enumerate(states(pipe, chunks, number)):
            weighed = np.array([[weights[chunk, token] * value for value in row] for token, row in enumerate(state)])
            rows.append(weighed * (state.mean() / weighed.mean()))
        sides.append(np.concatenate(rows))
    np.testing.assert_allclose(found, np.concatenate(sides, axis=1), rtol=2e-4, atol=2e-5)


def test_comfyui_goes_away_from_the_empty_prompt(encoded: Encoded) -> None:
    pipe = encoded.pipe
    found = embeds(encoded("a (red:1.3) [lake] (sun:0.5)", "dark", style="comfyui"))
    words = [ids(pipe, "a"), ids(pipe, "red"), ids(pipe, "[lake]"), ids(pipe, "sun")]
    weights = [1.0, *(weight for weight, each in zip((1.0, 1.3, 1.0, 0.5), words, strict=True) for _ in each)]
    weights += [1.0] * (LENGTH + 2 - len(weights))
    sides = []
    for number in range(len(parts(pipe))):
        (state,) = states(pipe, [[token for each in words for token in each]], number)
        (empty,) = states(pipe, [[]], number)
        sides.append([(row - base) * weight + base for row, base, weight in zip(state, empty, weights, strict=True)])
    np.testing.assert_allclose(found, np.concatenate(sides, axis=1), rtol=1e-4, atol=1e-5)


def test_the_pooled_vector_is_that_of_the_first_chunk_without_weights() -> None:
    encoded = Encoded(build("SDXL"))
    plain = encoded("a red", "dark", style="plain")
    for style, text in (("a1111", "a (red:1.3) BREAK a sun"), ("comfyui", "a (red:1.3)")):
        assert torch.equal(encoded(text, "dark", style=style)[2], plain[2])


def test_a_long_prompt_has_chunks_one_after_the_other(encoded: Encoded) -> None:
    pipe, text = encoded.pipe, " ".join(["lake"] * 100)
    token = ids(pipe, "lake")
    assert len(token) == 1
    chunks = [token * LENGTH, token * LENGTH, token * (100 - 2 * LENGTH)]
    expected = np.concatenate(
        [np.concatenate(list(states(pipe, chunks, number))) for number in range(len(parts(pipe)))], axis=1
    )
    for style in ("a1111", "comfyui"):
        result = encoded(text, "dark", style=style)
        np.testing.assert_allclose(embeds(result), expected, rtol=1e-4, atol=1e-5)
        negative = embeds(result, 1)
        assert negative.shape == expected.shape
        assert np.array_equal(negative, np.concatenate([negative[: LENGTH + 2]] * 3)), "repeated to the same length"
        assert encoded.warnings == []


def test_a_repeated_embedding_changes_no_attention() -> None:
    attention = build("SD 1").unet.down_blocks[1].attentions[0].transformer_blocks[0].attn2
    hidden, text = torch.randn(1, 9, attention.to_q.in_features), torch.randn(1, 5, attention.to_k.in_features)
    with torch.no_grad():
        once, thrice = (attention(hidden, encoder_hidden_states=text.repeat(1, n, 1)) for n in (1, 3))
    torch.testing.assert_close(once, thrice)


def test_the_common_length_is_bounded() -> None:
    with pytest.raises(RenderError) as caught:
        same_length((torch.zeros(1, 48 * 25, 2), torch.zeros(1, 48 * 24, 2), None))
    assert str(caught.value) == "the prompt and the negative prompt are too long together: shorten one of them"
    embeds, negative, nothing = same_length((torch.zeros(2, 6, 2), torch.zeros(1, 4, 2), None))
    assert (embeds.shape, negative.shape, nothing) == ((2, 12, 2), (1, 12, 2), None)


def test_a_prompt_of_too_many_chunks_is_refused(sd1: Encoded) -> None:
    with pytest.raises(RenderError) as caught:
        sd1("BREAK a " * 300)
    assert str(caught.value) == "the prompt has 301 parts of 46 tokens: shorten it"


@pytest.mark.parametrize("style", ["plain", "a1111", "comfyui"])
def test_clip_skip_takes_an_earlier_layer(style: str) -> None:
    for name, layers in (("SD 1", {1: 1, 2: 2}), ("SD 2", {2: 1, 3: 2, 4: 3}), ("SDXL", {1: 1, 2: 2})):
        encoded = Encoded(build(name))
        words = [ids(encoded.pipe, "a lake")]
        own = {"SD 1": 1, "SD 2": 2, "SDXL": 2}[name]
        for skip, layer in layers.items():
            found = embeds(encoded("a lake", "dark", style=style, clip_skip=skip))
            taken = 0 if style == "a1111" and own == 2 else layer
            both = [states(encoded.pipe, words, number, taken)[0] for number in range(len(parts(encoded.pipe)))]
            np.testing.assert_allclose(found, np.concatenate(both, axis=1), rtol=1e-5, atol=1e-6)
            is_ignored = style == "a1111" and own == 2 and skip != 2
            ignored = [f"clip skip {skip} was ignored, as A1111 does with this family"]
            assert encoded.warnings == (ignored if is_ignored else [])


def test_a_layer_that_does_not_exist_is_named(sd1: Encoded) -> None:
    for clip_skip in (3, 12):
        own = sd1("a lake")
        assert torch.equal(sd1("a lake", clip_skip=clip_skip)[0], own[0])
        assert sd1.warnings == [f"clip skip {clip_skip} was ignored: this model has no such layer"]
    second = Encoded(build("SD 2"))
    second("a lake", style="comfyui", clip_skip=1)
    assert second.warnings == ["clip skip 1 was ignored: this model has no such layer"]


def test_clip_skip_holds_for_a_plain_prompt_that_is_cut(sd1: Encoded) -> None:
    text = " ".join(["lake"] * 60)
    found = embeds(sd1(text, style="plain", clip_skip=2))
    (expected,) = states(sd1.pipe, [ids(sd1.pipe, "lake") * LENGTH], 0, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert sd1.warnings == [
        "the prompt is too long for this model: its last 14 tokens were cut, from "
        "'lake lake lake lake lake lake lake lake...' on; --prompt-style a1111 or comfyui reads all of it"
    ]


@pytest.mark.parametrize("style", ["a1111", "comfyui"])
def test_vectors_of_a_textual_inversion_stand_for_tokens(style: str, tmp_path: Path) -> None:
    for name in FAMILIES:
        encoded = Encoded(build(name))
        tables = [encoder.get_input_embeddings().weight.detach() for _, encoder in parts(encoded.pipe)]
        words = ids(encoded.pipe, "red sun")
        vectors = [table[words].clone() for table in tables]
        named = {"emb_params": vectors[0]} if len(vectors) == 1 else {"clip_l": vectors[0], "clip_g": vectors[1]}
        encoded.use(inversion(tmp_path / f"{name}.safetensors", "MyWord", **named))
        found = encoded("a (embedding:myword:1.3), lake", "dark", style=style)
        expected = encoded("a (red sun:1.3), lake", "dark", style=style)
        assert torch.equal(found[0], expected[0])
        assert encoded.warnings == []


def test_a_bare_word_stands_for_its_inversion_in_a1111_alone(sd1: Encoded, tmp_path: Path) -> None:
    table = sd1.pipe.text_encoder.get_input_embeddings().weight.detach()
    vector = table[ids(sd1.pipe, "sun")[0]].clone()
    before = sd1("a moonrise, lake", "moonrise", style="comfyui")
    sd1.use(inversion(tmp_path / "moonrise.safetensors", "moonrise", **{"<moonrise>": vector}))
    found, expected = sd1("a Moonrise, lake", "moonrise"), sd1("a sun, lake", "sun")
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])
    assert torch.equal(sd1("a moonrise, lake", "moonrise", style="comfyui")[0], before[0])
    sd1.use()
    assert torch.equal(sd1("a moonrise, lake", "moonrise")[0], before[0]), "the cache knows what stands for a word"


def test_inversions_that_cannot_be_used_are_named(sd1: Encoded, tmp_path: Path) -> None:
    pickle, checkpoint = tmp_path / "p.pt", inversion(tmp_path / "c.safetensors", "c", weight=torch.zeros(9, 9, 9))
    pickle.write_bytes(b"")
    sd1.use(
        inversion(tmp_path / "wide.safetensors", "wide", emb_params=torch.zeros(2, 24)),
        inversion(tmp_path / "xl.safetensors", "xl", clip_l=torch.zeros(2, 768), clip_g=torch.zeros(2, 1280)),
        inversion(tmp_path / "many.safetensors", "many", emb_params=torch.zeros(76, WIDTH)),
        EmbeddingChoice(path="", word="lost"),
        EmbeddingChoice(path=str(pickle), word="old"),
        checkpoint,
    )
    sd1("a wide embedding:xl embedding:none", "many lost, embedding:old")
    assert sd1.warnings == [
        "the textual inversion 'xl' in the prompt was left out: it belongs to another family: "
        "its vectors have 768 and 1280 values, this model needs 16",
        "unknown textual inversion 'none' in the prompt: it was left out",
        "the textual inversion 'wide' in the prompt was read as words: it belongs to another family: "
        "its vectors have 24 values, this model needs 16",
        "the textual inversion 'old' in the negative prompt was left out: p.pt is a pickle file, "
        "which can run code when it is opened: get the .safetensors version",
        "the textual inversion 'many' in the negative prompt was read as words: "
        "it holds 76 vectors, where 1 to 75 for each text encoder can be used",
        "the textual inversion 'lost' in the negative prompt was read as words: it is not known on this machine",
    ]
    assert sd1.cache.embeddings.choices == ()
    sd1.use()


def test_both_encoders_need_as_many_vectors(tmp_path: Path) -> None:
    encoded = Encoded(build("SDXL"))
    uneven = {"clip_l": torch.zeros(1, WIDTH), "clip_g": torch.zeros(2, SECOND_WIDTH)}
    encoded.use(inversion(tmp_path / "e.safetensors", "uneven", **uneven))
    encoded("embedding:uneven")
    assert encoded.warnings == [
        "the textual inversion 'uneven' in the prompt was left out: "
        "it holds 1 and 2 vectors, where 1 to 75 for each text encoder can be used"
    ]


def test_the_prompt_axis_moves_every_chunk_before_it_is_repeated(sd1: Encoded) -> None:
    lineage = Lineage(root=SeedRoot(seed=7)).child(Round(seed=1, scale=0.0, of=4, marks=(2,), prompt_scale=0.5))
    offsets = PromptOffsets(lineages=(lineage,))
    with sd1.cache.offset_by(offsets):
        moved = sd1("a (lake:1.2) BREAK a sun", "dark BREAK sky BREAK night")
    still = sd1("a (lake:1.2) BREAK a sun", "dark BREAK sky BREAK night")
    assert offsets.shapes == ((2 * (LENGTH + 2), WIDTH),)
    assert moved[0].shape == moved[1].shape == still[0].shape == (1, 6 * (LENGTH + 2), WIDTH)
    assert (moved[0] - still[0]).abs().amin(dim=0).amax(dim=-1).min() > 0
    assert torch.equal(moved[0][:, : 2 * (LENGTH + 2)], moved[0][:, 2 * (LENGTH + 2) : 4 * (LENGTH + 2)])
    assert torch.equal(moved[1], still[1])


def test_the_cache_tells_styles_apart_and_repeats_warnings(sd1: Encoded) -> None:
    sd1.cache.clear()
    text = "a (lake:1.2) " + "sun " * 60
    results = [sd1(text, style=style, clip_skip=skip)[0] for style in ("plain", "a1111", "comfyui") for skip in (0, 2)]
    assert len(sd1.cache) == 6
    assert all(not torch.equal(one[:, :9], other[:, :9]) for one in results for other in results if one is not other)
    hits = sd1.cache.hits
    sd1(text, style="plain")
    assert sd1.cache.hits == hits + 1
    first = list(sd1.warnings)
    assert [warning.partition(":")[0] for warning in first] == ["'(lake", "the prompt is too long for this model"]
