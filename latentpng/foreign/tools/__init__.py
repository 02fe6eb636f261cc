"""One reader for the metadata of each other tool."""
