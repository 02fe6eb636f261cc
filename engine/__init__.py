"""The search over initial noise (no torch), and rendering with diffusers in a process of its own (`engine.diffusion`)."""
