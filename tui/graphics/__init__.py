"""Pictures in a terminal: what it can do, how a picture is put into its bytes, and how fast they are sent.

capabilities  probe  tmux      ask the terminal, once, before the app runs
geometry                       boxes in cells and in pixels
halfcell  sixel  kitty         picture -> Frame, pure functions
frames                         the one thread that encodes, and its cache
pacing                         when the next frame may be sent, as values
painters                       Frame -> what is drawn, one for each protocol
service                        Graphics: the object that an app owns
seams                          every private part of Textual that this needs
"""
