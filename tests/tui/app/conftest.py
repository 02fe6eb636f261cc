"""The files of the SVG snapshots end in .svg.

pytest-textual-snapshot 1.0 sets the extension by a name that syrupy has changed since: its files would end in .raw,
which no viewer opens.
"""

from __future__ import annotations

from importlib import import_module

import_module("pytest_textual_snapshot").SVGImageExtension.file_extension = "svg"
