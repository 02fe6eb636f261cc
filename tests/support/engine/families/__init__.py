"""Tiny random pipelines of the families that people run, built in code: `catalogue` names them all."""
