"""Attacks with strangers' files: mutated and grown bytes, odd names, and writers that are killed.

part: mixes the kinds of cases.  trial: measures a case and keeps what breaks a promise.  The kinds: latents, tools
(metadata of other tools), opening (in the app), photographs, grown and graphs (deep, wide and circular contents), names
(of files), programs (the real command line), kills.  seeds, tool_seeds, photo_seeds: good files.  mutations, contents:
make them hostile.  readers: all readers on one file.  writers: what the killed programs do.  memory,
pixel_counts: measurement.
"""
