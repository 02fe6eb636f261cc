"""What a renderer is asked for, and what it answers.  No torch."""
