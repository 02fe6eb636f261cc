"""Canary: the layers and token embeddings of CLIP text encoders."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.diffusion.seams.text_encoders import final_norm, replaced_tokens
from tests.support.engine.canary import broken
from tests.support.engine.families.parts import WIDTH, clip

TOKENS = torch.tensor([[1, 5, 6, 7, 2]])


def run(encoder: Any) -> Any:
    with torch.no_grad():
        return encoder(TOKENS, output_hidden_states=True)


@pytest.mark.parametrize("projected", [False, True])
def test_hidden_states_are_outputs_of_layers_without_the_final_norm(projected: bool) -> None:
    encoder = clip(projected=projected)
    output = run(encoder)
    assert len(output.hidden_states) == 3, broken(
        "text_encoders", "a text encoder of two layers has three hidden states", library="transformers"
    )
    with torch.no_grad():
        last = final_norm(encoder, output.hidden_states[-1])
    assert torch.equal(last, output.last_hidden_state), broken(
        "text_encoders", "the last hidden state after the final norm is last_hidden_state", library="transformers"
    )
    assert not torch.equal(output.hidden_states[-1], output.last_hidden_state)


@pytest.mark.parametrize("projected", [False, True])
def test_positions_are_added_to_the_token_embeddings(projected: bool) -> None:
    encoder = clip(projected=projected)
    before, table = run(encoder), encoder.get_input_embeddings().weight
    with replaced_tokens(encoder, {2: table[9].detach()}):
        replaced = run(encoder)
    with torch.no_grad():
        written = encoder(torch.tensor([[1, 5, 9, 7, 2]]), output_hidden_states=True)
    assert torch.equal(replaced.last_hidden_state, written.last_hidden_state), broken(
        "text_encoders", "a vector in place of a token's embedding acts like that token", library="transformers"
    )
    assert not torch.equal(replaced.last_hidden_state, before.last_hidden_state)
    assert torch.equal(run(encoder).last_hidden_state, before.last_hidden_state), "the vectors are taken out again"
    assert before.last_hidden_state.shape == (1, 5, WIDTH)
