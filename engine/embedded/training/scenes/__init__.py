"""Captioned landscapes drawn from a seed: all that the embedded model is trained on.

`scene.sample_scene(seed)` says what there is, `picture.draw_scene(scene)` draws it, `captions.describe(scene, random)`
says it in words.  NumPy and Pillow only.
"""
