"""Add the dependency on `latentpng` of exactly this version, so that the version stands in one place only."""

from __future__ import annotations

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class SameVersionOfLatentPng(MetadataHookInterface):
    """Hook that completes the dependencies listed in pyproject.toml."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `dependencies` to the configured list and `latentpng` of the version that is being built."""
        metadata["dependencies"] = [*self.config["dependencies"], f"latentpng=={metadata['version']}"]
