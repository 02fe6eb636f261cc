"""Landscapes with captions, drawn from seeds: the embedded model is trained on nothing else.

`scene.sample_scene(seed)` chooses what is in a landscape, `picture.draw_scene(scene)` draws it, and
`captions.describe(scene, random)` describes it in words.  Only NumPy and Pillow are used.
"""
