"""The search: its session, its pictures and its journal. No processes, no torch."""
