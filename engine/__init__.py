"""The search over initial noise, without torch, and rendering with diffusers in a process of its own (`diffusion`)."""
