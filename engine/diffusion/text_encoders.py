"""Text encoders from weights files as ComfyUI users hold them, in the layouts of transformers, OpenCLIP and llama.cpp.

transformers ties shared embeddings, finds prefixes like `text_model.` and `model.`, and says which weights are missing;
what it does not know is translated here first.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from engine.diffusion.gguf import read_gguf
from engine.diffusion.messages import why_not_loaded
from engine.diffusion.out_of_memory import is_out_of_memory
from engine.diffusion.seams.whole_weights import MissingWeightsError, whole_weights
from engine.diffusion.state_dicts import read_part
from engine.errors import ModelError
from engine.models.parts import Part
from engine.models.weights import GGUF_SUFFIX

_OPEN_CLIP = (
    (r"^transformer\.resblocks\.", "text_model.encoder.layers."),
    (r"\.ln_1\.", ".layer_norm1."),
    (r"\.ln_2\.", ".layer_norm2."),
    (r"\.attn\.out_proj\.", ".self_attn.out_proj."),
    (r"\.mlp\.c_fc\.", ".mlp.fc1."),
    (r"\.mlp\.c_proj\.", ".mlp.fc2."),
    (r"^token_embedding\.", "text_model.embeddings.token_embedding."),
    (r"^positional_embedding$", "text_model.embeddings.position_embedding.weight"),
    (r"^ln_final\.", "text_model.final_layer_norm."),
)
_LLAMA_CPP_T5 = (
    (r"^enc\.blk\.(\d+)\.attn_([qkvo])\.", r"encoder.block.\1.layer.0.SelfAttention.\2."),
    (r"^enc\.blk\.(\d+)\.attn_rel_b\.", r"encoder.block.\1.layer.0.SelfAttention.relative_attention_bias."),
    (r"^enc\.blk\.(\d+)\.attn_norm\.", r"encoder.block.\1.layer.0.layer_norm."),
    (r"^enc\.blk\.(\d+)\.ffn_gate\.", r"encoder.block.\1.layer.1.DenseReluDense.wi_0."),
    (r"^enc\.blk\.(\d+)\.ffn_up\.", r"encoder.block.\1.layer.1.DenseReluDense.wi_1."),
    (r"^enc\.blk\.(\d+)\.ffn_down\.", r"encoder.block.\1.layer.1.DenseReluDense.wo."),
    (r"^enc\.blk\.(\d+)\.ffn_norm\.", r"encoder.block.\1.layer.1.layer_norm."),
    (r"^enc\.output_norm\.", "encoder.final_layer_norm."),
    (r"^token_embd\.", "shared."),
)
_LLAMA_CPP = (
    (r"^blk\.(\d+)\.attn_([qkv])\.", r"model.layers.\1.self_attn.\2_proj."),
    (r"^blk\.(\d+)\.attn_output\.", r"model.layers.\1.self_attn.o_proj."),
    (r"^blk\.(\d+)\.attn_([qk])_norm\.", r"model.layers.\1.self_attn.\2_norm."),
    (r"^blk\.(\d+)\.attn_norm\.", r"model.layers.\1.input_layernorm."),
    (r"^blk\.(\d+)\.ffn_norm\.", r"model.layers.\1.post_attention_layernorm."),
    (r"^blk\.(\d+)\.ffn_(gate|up|down)\.", r"model.layers.\1.mlp.\2_proj."),
    (r"^output_norm\.", "model.norm."),
    (r"^output\.", "lm_head."),
    (r"^token_embd\.", "model.embed_tokens."),
)
_FIRST = "text_encoder"
_UNUSED = re.compile(r"(^|\.)(logit_scale|position_ids|rope_freqs\.weight)$")


def load_text_encoder(part: Part, kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """Load a text encoder.

    Args:
        part: Where its weights are.
        kind: Its class, of transformers.
        folder: Its folder in the pipeline's configuration.
        dtype: Of its weights.

    Raises:
        ModelError: It cannot be loaded, or weights are missing.
    """
    name = part.file.path.name
    try:
        config = kind.config_class.from_pretrained(folder, local_files_only=True)
        state = as_transformers(_state_of(part, dtype), kind.__name__, is_first=part.component == _FIRST)
        with whole_weights():
            encoder, report = kind.from_pretrained(
                None,
                config=config,
                state_dict=state,
                dtype=dtype,
                output_loading_info=True,
                ignore_mismatched_sizes=True,  # they are refused below, by name
            )
    except ModelError:
        raise
    except MissingWeightsError as error:
        raise ModelError(
            f"{name} is damaged: some weights of {part.component!r} are missing ({error.weight}, for example), "
            "download it again"
        ) from error
    except Exception as error:  # a broken model fails in as many ways as there are libraries
        if is_out_of_memory(error):
            raise
        raise ModelError(f"{name} cannot be loaded as {kind.__name__}: {why_not_loaded(error)}") from error
    if mismatched := sorted(report["mismatched_keys"]):
        tensor, found, needed = mismatched[0]
        raise ModelError(misfit(part, tensor, *(", ".join(map(str, shape)) for shape in (found, needed))))
    return encoder.eval()


def misfit(part: Part, tensor: str, found: str, needed: str) -> str:
    """Return the sentence for a tensor of another shape than the configuration describes.

    Args:
        part: Where it is.
        tensor: Its name.
        found: Its shape, as numbers with commas.
        needed: The shape of the configuration.
    """
    return (
        f"{part.file.path.name} does not fit its configuration: {tensor} of {part.component!r} has the shape "
        f"({found}), where ({needed}) is needed; "
        "name a diffusers folder of a model of the same family and size with --config"
    )


def as_transformers(state: dict[str, torch.Tensor], kind: str, *, is_first: bool = False) -> dict[str, torch.Tensor]:
    """Return the weights of a text encoder with the names and shapes of transformers.

    Args:
        state: The weights, in any of the layouts.
        kind: The name of the class.
        is_first: Whether it is the first text encoder of its pipeline: CLIP-L, wherever there are several CLIPs.
    """
    if "enc.output_norm.weight" in state:
        is_gated = any(".ffn_gate." in name for name in state)
        state = _renamed(state, _LLAMA_CPP_T5 if is_gated else (*_LLAMA_CPP_T5, (r"\.wi_1\.", ".wi.")))
    elif "token_embd.weight" in state:
        state = _renamed(state, _LLAMA_CPP)
    elif "positional_embedding" in state:
        state = _from_open_clip(state)
    state = {name: value for name, value in state.items() if not _UNUSED.search(name)}
    if "text_projection" in state:  # a matrix that multiplies from the other side
        state["text_projection.weight"] = state.pop("text_projection").T.contiguous()
    norm = next((value for name, value in state.items() if name.endswith("final_layer_norm.weight")), None)
    if kind == "CLIPTextModelWithProjection" and is_first and norm is not None:
        # files of CLIP-L hold no projection; Stable Diffusion 3 projects its pooled vector by the identity
        state.setdefault("text_projection.weight", torch.eye(len(norm), dtype=norm.dtype))
    embedding = state.get("model.embed_tokens.weight")
    if kind.endswith(("ForCausalLM", "ForConditionalGeneration")) and embedding is not None:
        state.setdefault("lm_head.weight", embedding)  # pipelines read hidden states, never the words that follow
    return state


def _state_of(part: Part, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return read_gguf(part.file.path, dtype) if part.file.path.suffix == GGUF_SUFFIX else read_part(part, dtype)


def _renamed(state: dict[str, torch.Tensor], names: tuple[tuple[str, str], ...]) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, value in state.items():
        for pattern, replacement in names:
            name = re.sub(pattern, replacement, name)
        renamed[name] = value
    return renamed


# OpenCLIP keeps query, key and value in one matrix.
def _from_open_clip(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for name, value in _renamed(state, _OPEN_CLIP).items():
        head, fused, kind = name.partition(".attn.in_proj_")
        if fused:
            for part, third in zip("qkv", value.chunk(3), strict=True):
                found[f"{head}.self_attn.{part}_proj.{kind}"] = third
        else:
            found[name] = value
    return found
