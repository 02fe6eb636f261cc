"""Helpers of the tests: builders of files and models, fakes, terminals."""
