"""Pictures of other tools: what their metadata says, and the initial noise that it leads to."""
