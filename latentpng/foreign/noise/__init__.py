"""The generators that other tools draw their initial noise with, and the ways in which they mix draws.  No torch.

mersenne: the words of torch's CPU generator.  torch_cpu: what it makes of them, by glibc_math or avx2_math.
philox: CUDA's generator, and the web UI's copy of it.  gpus: how large a chip is.  drawing: one draw by any of these.
mixing: variations and resized seeds.  recipes: what each tool does with all that.
"""
