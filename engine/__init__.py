"""The search over initial noise (no torch), and rendering with diffusers in its own process (`diffusion`)."""
