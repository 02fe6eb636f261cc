"""Trains the tokenizer, and the text encoder before the UNet.

The encoder is trained to name every attribute of a scene that its caption mentions, and to say that it does not mention
the others.  So the UNet starts from embeddings that already differ, and trains the encoder further.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
import torch.nn.functional as F
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from engine.embedded.training.classifier import ATTRIBUTES, UNKNOWN, labels
from engine.embedded.training.log import log
from engine.embedded.training.loop import Loop, Recipe
from engine.embedded.training.ranks import Rank
from engine.embedded.training.scenes.captions import Caption, describe
from engine.embedded.training.scenes.scene import sample_scene

WIDTH = 128
_MAX_TOKENS = 48
_CAPTIONS = 30_000
# words that people will type but captions never contain: each becomes few tokens
_MORE_WORDS = (
    "picture painting drawing landscape scene beautiful view of in on with by near under big little tiny dark bright "
    "light colourful colorful boats houses moonlight sunlight sunny winter summer spring sky skies brown black gray"
)
_SPLIT = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


def train_tokenizer(folder: Path) -> None:
    """Write a CLIP tokenizer of the words of the captions to `tokenizer/`, for transformers 4 and 5."""
    target = folder / "tokenizer"
    if (target / "merges.txt").exists():
        return
    vocabulary, merges = _vocabulary()
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=_MAX_TOKENS)
    tokenizer.save_pretrained(target)
    (target / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (target / "merges.txt").write_text("\n".join(lines) + "\n")
    log(f"tokenizer: {len(vocabulary)} tokens")


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return an untrained CLIP text encoder of two layers."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=_MAX_TOKENS,
        hidden_act="quick_gelu",
        projection_dim=WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def tokens(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """Return the token ids of captions, padded and truncated: (N, 48)."""
    found = tokenizer(captions, padding="max_length", max_length=_MAX_TOKENS, truncation=True).input_ids
    return torch.tensor(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainTextEncoder:
    """The stage that trains the text encoder.

    Attributes:
        folder: The folder of the run.
        recipe: How it learns.
    """

    folder: Path
    recipe: Recipe

    def __call__(self, rank: Rank) -> None:
        """Train on captions alone, then write `text_encoder/` in the folder of the run."""
        torch.manual_seed(0)
        tokenizer = CLIPTokenizer.from_pretrained(self.folder / "tokenizer")
        encoder = new_text_encoder(tokenizer).to(rank.device)
        heads = nn.ModuleList(nn.Linear(WIDTH, len(values) + 1) for values in ATTRIBUTES.values()).to(rank.device)
        loop = Loop("text encoder", self.folder, rank, self.recipe, {"encoder": encoder, "heads": heads})
        for _ in loop:
            random = Random(int(loop.numpy_random().integers(2**62)))
            captions, expected = _captions(random, self.recipe.batch)
            states = encoder(tokens(tokenizer, captions).to(rank.device))
            pooled, expected = states.pooler_output, expected.to(rank.device)
            logits = [head(pooled) for head in heads]
            right = torch.stack([each.argmax(1) == expected[:, k] for k, each in enumerate(logits)])
            losses = [F.cross_entropy(each, expected[:, k]) for k, each in enumerate(logits)]
            loop.learn(torch.stack(losses).sum(), right=right.float().mean().item())
        if rank.index == 0:
            encoder.load_state_dict(loop.averaged("encoder"))
            encoder.save_pretrained(self.folder / "text_encoder")


def settled(caption: Caption, scene_labels: list[int]) -> list[int]:
    """Return the labels of a scene that its caption mentions, and UNKNOWN for the others."""
    named = zip(ATTRIBUTES, scene_labels, strict=True)
    return [label if name in caption.said else UNKNOWN for name, label in named]


def _captions(random: Random, count: int) -> tuple[list[str], Tensor]:
    """Return captions of new scenes, and for each attribute its label plus 1, or 0 if the caption omits it."""
    captions, expected = [], []
    for _ in range(count):
        scene = sample_scene(random.getrandbits(48))
        caption = describe(scene, random)
        captions.append(caption.text)
        expected.append([1 + label for label in settled(caption, labels(scene))])
    return captions, torch.tensor(expected)


def _vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return a byte pair encoding like CLIP's: all bytes, all bytes that end a word, then the merges."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    spaces = normalizers.Replace(Regex(r"\s+"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), spaces, normalizers.Lowercase()])
    split = pre_tokenizers.Split(Regex(_SPLIT), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=2000, min_frequency=2, initial_alphabet=alphabet, end_of_word_suffix="</w>", special_tokens=[]
    )
    captions = [describe(sample_scene(k), Random(k)).text for k in range(_CAPTIONS)]
    tokenizer.train_from_iterator([*captions, *[_MORE_WORDS] * 50], trainer)
    merges = [(first, second) for first, second in json.loads(tokenizer.to_str())["model"]["merges"]]
    names = [*alphabet, *(letter + "</w>" for letter in alphabet), *(first + second for first, second in merges)]
    return {name: k for k, name in enumerate(dict.fromkeys([*names, "<|startoftext|>", "<|endoftext|>"]))}, merges
