"""Containers of animations: single frames, each encoded by Pillow, joined without keeping their pixels in memory."""
