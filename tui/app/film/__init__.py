"""A film of the way to a picture, in the app: what it shows, how it is made, and how far it is."""
