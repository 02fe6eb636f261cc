"""Every private entry into diffusers, transformers, torch and the client of the hub, one file each.

A seam reads or replaces something that another library does not promise to keep.  Its docstring lists what it assumes,
and a canary test in tests/engine/diffusion/seams checks each assumption directly on that library, so that an upgrade
fails there first and names the file to look at.  No other module of the engine may reach into private parts:
tests/engine/test_private_access.py.
"""
