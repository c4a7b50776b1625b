"""Sequences: recordings, series, texts; anything that is a row of steps with features, of any length.

The contract, which every model of this package keeps:

- Inputs are one tensor `(B, T, F)`, float32, and `lengths (B,)`, int64, each from 1 to T. What lies behind a length is
  padding: it may hold anything, also NaN, and changes nothing. A recording is `(B, T, 1)`, a waveform in [-1, 1] at the
  sample rate that the model was built for; several microphones are several features.
- `model(inputs, lengths)` returns one of three, and a model's card says which: logits per sequence `(B, K)`; logits per
  step `(B, T', K)`, whose T' the model's `steps(lengths)` counts; or tokens.
- A sequence gives the same output alone and in a batch. In training too nothing of the padding reaches a statistic.
- Front ends (log-mel) and normalisation are part of the model, so that an exported model takes what a microphone gives.
- `F` is `bands` in `zoo.create`, by name: a mono recording is `bands=("waveform",)`.

`ds_cnn` is built from named parts that lie beside it: `logmel` (the front end), `masking` (what masks time), `dropout`
(stripes of a spectrogram that training hides). Nothing heavy is imported here.
"""
