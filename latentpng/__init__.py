"""The `laTn` chunk: a picture that carries its initial noise, its lineage and its settings.  Law: SPEC.md.

The functions are those of api.py.  All names are imported when they are first used, so that the command starts
without NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from latentpng.api import new_record, read, replay, verify, write
    from latentpng.errors import LatentPngError
    from latentpng.record import LatentRecord, Lineage, Metadata, Round, SeedRoot, TensorRoot

__version__ = "0.1.0"
__all__ = [
    "LatentPngError",
    "LatentRecord",
    "Lineage",
    "Metadata",
    "Round",
    "SeedRoot",
    "TensorRoot",
    "new_record",
    "read",
    "replay",
    "verify",
    "write",
]
_MODULES = {"LatentPngError": "errors"} | dict.fromkeys(__all__[1:7], "record") | dict.fromkeys(__all__[7:], "api")


def __getattr__(name: str) -> Any:
    """Import a name of `__all__` from its module."""
    if name in _MODULES:
        return getattr(import_module(f"latentpng.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
