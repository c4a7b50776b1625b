"""`zoo compare-models` and `zoo select`: models trained under one budget, measured on this machine, and chosen from.

After Huang et al. 2017, “Speed/accuracy trade-offs for modern convolutional object detectors”
(https://arxiv.org/abs/1611.10012): the same data, the same budget, the same machine, and a picture with the frontier.
"""
