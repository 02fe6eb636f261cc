"""The program of the worker that stays (`engine.kept`): it renders for every program that attaches to it."""
