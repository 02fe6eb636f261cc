"""Widgets of the app; each knows nothing of its siblings."""
