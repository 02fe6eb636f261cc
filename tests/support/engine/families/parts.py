"""Components that several families share: tokenizers, text encoders, autoencoders, all tiny and with random weights.

The tiny T5 reads the tokens of the embedded model's tokenizer, and one that knows only bytes replaces those of chat
models.
"""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL, AutoencoderKLFlux2
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Gemma2Config,
    Gemma2Model,
    Mistral3Config,
    MistralConfig,
    PixtralVisionConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3VLConfig,
    T5Config,
    T5EncoderModel,
)

from tests.support.engine.tiny import TOKENIZER

WIDTH = 16
"""The width of all text encoders except T5, which has `T5_WIDTH`."""
T5_WIDTH = 32
_SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
BYTE_TOKENS = len(_SPECIALS) + 256
_CHAT = (
    "{% for message in messages %}{{ message['role'] }}: {% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{% endif %}{% endfor %}"
)


def tokenizer() -> Any:
    """Return the tokenizer of the embedded model, for CLIP and T5."""
    return CLIPTokenizer.from_pretrained(TOKENIZER)


def byte_tokenizer(*, longest: int = 512) -> Any:
    """Return a tokenizer with one token for each byte, and a plain chat template."""
    words = (*_SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet()))
    vocabulary = {word: number for number, word in enumerate(words)}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=longest,
    )
    made.chat_template = _CHAT
    return made


def clip(*, projected: bool = False, width: int = WIDTH) -> Any:
    """Return a CLIP text encoder, with a projection of its pooled vector if `projected`."""
    words = tokenizer()
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        projection_dim=width,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config).eval()


def t5() -> Any:
    """Return a T5 encoder."""
    return T5EncoderModel(t5_config(T5Config)).eval()


def t5_config(kind: Any) -> Any:
    """Return the configuration of a T5, or of a model that takes the same arguments."""
    return kind(vocab_size=len(tokenizer()), d_model=T5_WIDTH, d_kv=8, d_ff=32, num_layers=1, num_heads=4)


def decoder_config(kind: Any, *, layers: int = 2, tokens: int = BYTE_TOKENS, **more: Any) -> Any:
    """Return the configuration of a language model that reads bytes."""
    return kind(
        vocab_size=tokens,
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=2048,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **more,
    )


def gemma() -> Any:
    """Return a Gemma 2, whose last hidden state is read by Sana and Lumina."""
    return Gemma2Model(decoder_config(Gemma2Config)).eval()


def vae(channels: int = 4, *, halvings: int = 1, **more: Any) -> Any:
    """Return an autoencoder whose pictures are 2 ** `halvings` times as large as its latents."""
    blocks = halvings + 1
    return AutoencoderKL(
        block_out_channels=(8,) * blocks,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=32,
        shift_factor=0.1,
        scaling_factor=1.0,
        use_quant_conv=False,
        use_post_quant_conv=False,
        **more,
    )


def flux2_vae() -> Any:
    """Return the autoencoder of Flux.2, which packs 2 x 2 latents into one."""
    return AutoencoderKLFlux2(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=32,
    )


def mistral3_config(*, layers: int = 2) -> Any:
    """Return the configuration of a Mistral 3, which reads texts and pictures."""
    vision = PixtralVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
        head_dim=8,
    )
    text = decoder_config(MistralConfig, layers=layers)
    return Mistral3Config(text_config=text.to_dict(), vision_config=vision.to_dict(), spatial_merge_size=1)


def qwen_vl() -> Any:
    """Return a Qwen2.5-VL."""
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": BYTE_TOKENS,
            "hidden_size": WIDTH,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 2048,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
            "rope_scaling": {"type": "default", "rope_type": "default", "mrope_section": [1, 1, 2]},
        },
        vision_config={
            "depth": 1,
            "hidden_size": WIDTH,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "fullatt_block_indexes": [0],
        },
        image_token_id=BYTE_TOKENS - 1,
        video_token_id=BYTE_TOKENS - 2,
        vision_start_token_id=BYTE_TOKENS - 3,
        vision_end_token_id=BYTE_TOKENS - 4,
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def qwen3_vl_config(*, layers: int = 2) -> Any:
    """Return the configuration of a Qwen3-VL, which reads texts and pictures."""
    return Qwen3VLConfig(
        text_config={
            "vocab_size": BYTE_TOKENS,
            "hidden_size": WIDTH,
            "intermediate_size": 32,
            "num_hidden_layers": layers,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "max_position_embeddings": 2048,
            "pad_token_id": 0,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]},
        },
        vision_config={
            "depth": 1,
            "hidden_size": WIDTH,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
        },
        image_token_id=BYTE_TOKENS - 1,
        video_token_id=BYTE_TOKENS - 2,
        vision_start_token_id=BYTE_TOKENS - 3,
        vision_end_token_id=BYTE_TOKENS - 4,
    )
