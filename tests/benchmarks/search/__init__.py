"""How many grids and keys a simulated person needs to find a picture: the benchmark of the search itself."""
