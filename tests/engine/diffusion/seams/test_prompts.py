"""Canary: how pipelines encode their prompts."""

from __future__ import annotations

import pytest

from engine.diffusion.seams.prompts import embedding_indices, picture_axis
from tests.support.engine.canary import PIPELINES, argument, broken, calls_in, pipeline_class
from tests.support.engine.families.catalogue import build_family

EMBEDDINGS = {
    "FluxPipeline": 2,
    "HiDreamImagePipeline": 3,
    "HunyuanImagePipeline": 2,
    "Kandinsky5T2IPipeline": 2,
    "KolorsPipeline": 2,
    "StableDiffusion3Pipeline": 2,
    "StableDiffusionXLPAGPipeline": 2,
    "StableDiffusionXLPipeline": 2,
}
"""How many embeddings a prompt has; one in the other families."""


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_encodes_the_prompt_first(name: str) -> None:
    calls = calls_in(pipeline_class(name).__call__, "self.encode_prompt")
    assert calls, broken("prompts", f"{name}.__call__ calls self.encode_prompt")
    assert argument(calls[0], "prompt", 0) == "prompt", broken(
        "prompts", f"the first call of encode_prompt in {name} encodes the prompt, not the negative one"
    )


@pytest.mark.parametrize("name", PIPELINES)
def test_encode_prompt_names_the_embeddings_that_it_returns(name: str) -> None:
    indices = embedding_indices(pipeline_class(name).encode_prompt)
    assert len(indices) == EMBEDDINGS.get(name, 1), broken(
        "prompts", f"the return statement of {name}.encode_prompt names every embedding of the prompt '...embeds...'"
    )


def test_hidream_stacks_layers_before_pictures() -> None:
    pipe = build_family("HiDream")
    text = {f"prompt{suffix}": ["a lake"] for suffix in ("", "_2", "_3", "_4")}
    encoded = pipe.encode_prompt(**text, do_classifier_free_guidance=False, dtype=pipe.text_encoder.dtype)
    shapes = [encoded[index].shape for index in embedding_indices(pipe.encode_prompt)]
    counts = [shape[picture_axis(encoded[index])] for index, shape in zip((0, 2, 4), shapes, strict=True)]
    assert counts == [1, 1, 1], broken(
        "prompts", "an embedding of one picture has length 1 along its first axis, or along its second one if it has 4"
    )
    assert 4 in {len(shape) for shape in shapes}, broken("prompts", "HiDream stacks the layers of its language model")
