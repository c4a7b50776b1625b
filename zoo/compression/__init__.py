"""Fewer bytes and fewer operations for a trained model: shared weights, pruning, low rank, entropy coding.

Deep Compression (Han 2016, https://arxiv.org/abs/1510.00149) is `pruning`, then `shared`, then `coded_file`. The first two
set the weights of a model after each step of its training, whatever trains it; its parameters keep their names.
`low_rank` changes the layers themselves.
"""
