"""Answers as marks that a person corrects, and marks as truth: out to a labelling tool, back, compared, and to samples.

A **truth** is plain JSON, the same whether a model or a person says it, by the kind of answer:

- `{"classes": ["crack"]}` what an input shows, or the classes of its steps where it is a sequence of them
- `{"objects": [{"label": "car", "box": [x1, y1, x2, y2]}, {"label": "car", "points": [[x, y], …]}]}` in pixels of the image;
  an object that a model says has a `score` too
- `{"mask": {"size": [H, W], "values": […], "lengths": […]}, "names": ["road", …]}` runs along the rows; 255 is not known

What marks inputs of a task is named in the task's record, as `annotator`.
"""
