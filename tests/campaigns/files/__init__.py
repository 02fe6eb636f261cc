"""Long runs against strangers' files and bad luck: mutated bytes, and processes that are killed while they write.

seeds, mutations, contents: make hostile files.  readers: gives a file to every reader.  campaign: reads many files,
counts and measures.  guided: the same, led by coverage.  writers, kills: kill operations that write pictures at random
moments.  memory, console: shared helpers.  The tests run a little of each, `make fuzz` runs all of it.
"""
