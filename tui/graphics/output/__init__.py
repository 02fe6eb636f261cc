"""What is written to the terminal: never waited for, whatever the terminal does.

writer      a buffer and the thread that empties it into the terminal
seams       Textual's driver on top of it: painting, stopping, going on and leaving
"""
