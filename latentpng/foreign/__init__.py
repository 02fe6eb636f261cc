"""Pictures made by other tools: read their metadata, and rebuild the initial noise from it."""
