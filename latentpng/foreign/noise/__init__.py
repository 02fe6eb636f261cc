"""The noise generators of other tools, without torch, and the ways in which those tools mix draws.

mersenne: the 32-bit words of torch's CPU generator. torch_cpu: normal noise from these words, with the mathematics of
avx2_math or glibc_math. philox: CUDA's generator, and the web UI's copy of it on the CPU. gpus: how many threads a GPU
holds. drawing: one draw by any of these generators. mixing: variations and resized seeds. recipes: how each tool
combines all of these. latents: which latents and which kinds of models names suggest.
"""
