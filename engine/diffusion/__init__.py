"""Rendering with diffusers: it runs in the worker process alone, and no other folder imports it."""
