"""One module for each tool that reads the metadata of its pictures."""
