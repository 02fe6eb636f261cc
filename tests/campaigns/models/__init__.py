"""The attack on everything that opens a model: hostile folders, files, texts and settings.

target: what is attacked, and with what.  part: tries the targets in turn.  cases: the processes that try
them.  folders, checkpoints, loras, texts, settings: the targets, each with the mutations of its files.
"""
