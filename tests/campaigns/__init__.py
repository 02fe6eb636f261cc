"""Long runs outside the test suite: hostile files, killed writers, and other tools that rewrite pictures."""
