"""The `laTn` chunk: a picture that carries its initial noise, its lineage and its settings.  Law: SPEC.md."""

__version__ = "0.1.0"
