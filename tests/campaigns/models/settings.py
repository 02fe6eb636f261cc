"""Attacks on the settings of models and of the user."""

from __future__ import annotations

from tests.campaigns.models.target import Target

TARGETS: tuple[Target, ...] = ()
