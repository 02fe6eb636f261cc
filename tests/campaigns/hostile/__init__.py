"""What strangers and bad luck do to files, on purpose and at length: mutated bytes, and processes killed while writing.

mutations, seeds: how hostile files are made.  readers: what each is given to.  campaign: many, counted and measured.
guided: the same led by coverage.  kills: `kill -9` at any moment.  The tests run a little of each, `make fuzz` all.
"""
