"""Attacks on tokenizers."""

from __future__ import annotations

from tests.campaigns.models.target import Target

TARGETS: tuple[Target, ...] = ()
