"""The history of a search on the screen: what is drawn of its tree, as values and as text."""
