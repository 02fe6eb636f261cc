"""Long runs: hostile files, killed writers, tools that rewrite pictures."""
