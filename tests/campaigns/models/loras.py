"""Attacks on LoRA files, textual inversions, GGUF files."""

from __future__ import annotations

from tests.campaigns.models.target import Target

TARGETS: tuple[Target, ...] = ()
