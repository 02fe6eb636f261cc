"""Pictures in a terminal: what it can do, how a picture is turned into bytes for it, and how fast they are sent.

terminal/capabilities, probe, tmux          ask the terminal, once, before the app runs
geometry, frame                             boxes in cells and pixels, an encoded picture
protocols/halfcell, sixel, kitty, palette   picture -> Frame, pure functions; palettes of few colours
frames                                      the encoders behind a cache
pacing                                      when the next frame may be sent, as values
painters                                    Frame -> what is drawn, one class for each protocol
service                                     Graphics: the object that an app owns
output/writer, seams                        what is written to the terminal, and never waited for
seams                                       every private member of Textual that pictures need
"""
