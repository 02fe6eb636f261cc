"""Model files: resolving names, defaults, fingerprints, memory, schedulers. No torch."""
