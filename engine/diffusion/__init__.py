"""All that imports torch or diffusers; runs in the worker process only, and nobody outside imports it."""
