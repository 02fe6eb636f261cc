"""Editing the settings of a picture: the fields of the panel as values, and the names that it offers."""
