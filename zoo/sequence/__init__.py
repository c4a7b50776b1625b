"""Sequences: recordings, series, texts; anything that is a row of steps with features, of any length.

The contract, which every model of this package keeps:

- Inputs are one tensor `(B, T, F)`, float32, and `lengths (B,)`, int64, each from 1 to T. What lies behind a length is
  padding: it may hold anything, also NaN, and changes nothing. A recording is `(B, T, 1)`, a waveform in [-1, 1] at the
  sample rate that the model was built for; several microphones are several features.
- `model(inputs, lengths)` returns one of three, and a model's card says which: logits per sequence `(B, K)`; logits per
  step `(B, T', K)`, whose T' the model's `output_lengths(lengths)` counts; or tokens.
- A text is `(B, T, F)` of whole numbers, int64, in the same places: the word's number in a vocabulary, then the code points
  of its characters (`words`), or one token a step. 0 is nothing, 1 unknown (`vocabulary.MARKS`). A model also takes them as
  float32, which is exact below 2 ** 24; its card says `dtype: int64` and the size of its table, `vocabulary`.
- Two kinds of models answer more than this (`kinds`). A `Structured` tagger returns logits per step like any other, and
  gives the loss and the decoding of whole rows of tags itself. An `EncoderDecoder` is also given what was written before,
  `model(inputs, lengths, tokens)`, in training all of the target at once; in use `encode` and `step` write one token after
  another, which `beam` searches over.
- A sequence gives the same output alone and in a batch. In training too nothing of the padding reaches a statistic.
- Front ends (log-mel) and normalisation are part of the model, so that an exported model takes what a microphone gives.
- `F` is `bands` in `zoo.create`, by name: a mono recording is `bands=("waveform",)`.

`ds_cnn` is built from named parts that lie beside it: `logmel` (the front end), `masking` (what masks time), `dropout`
(stripes of a spectrogram that training hides); the models of text from `words`, `vocabulary`, `crf`
and `beam`. Nothing heavy is imported here.
"""
