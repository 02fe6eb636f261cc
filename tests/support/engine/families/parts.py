"""Components that several families share: tokenizers, text encoders, autoencoders, all tiny and with random weights.

The tiny T5 reads the tokens of the embedded model's tokenizer, and one that knows only bytes replaces those of chat
models.
"""

from __future__ import annotations

from typing import Any

from diffusers import AutoencoderKL
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Gemma2Config,
    Gemma2Model,
    PreTrainedTokenizerFast,
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


def byte_tokenizer() -> Any:
    """Return a tokenizer with one token for each byte, and a plain chat template."""
    words = (*_SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet()))
    vocabulary = {word: number for number, word in enumerate(words)}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
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


def decoder_config(kind: Any, *, layers: int = 2, **more: Any) -> Any:
    """Return the configuration of a language model that reads bytes."""
    return kind(
        vocab_size=BYTE_TOKENS,
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
