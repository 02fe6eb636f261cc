"""The way to a picture, shown: a film through its ancestors, and a contact sheet of them."""
