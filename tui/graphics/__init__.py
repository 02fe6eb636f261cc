"""Pictures in a terminal: what it can do, how a picture is put into its bytes, and how fast they are sent.

capabilities, probe, tmux       ask the terminal, once, before the app runs
geometry, frame, palette        boxes in cells and pixels, an encoded picture, few colours
halfcell, sixel, kitty          picture -> Frame, pure functions
frames                          the encoders behind a cache
pacing                          when the next frame may be sent, as values
painters                        Frame -> what is drawn, one for each protocol
service                         Graphics: the object that an app owns
seams                           every private part of Textual that this needs
"""
