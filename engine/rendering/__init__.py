"""What is asked of a renderer and what it answers. No torch."""
