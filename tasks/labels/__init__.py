"""Objectives of labelled images: what logits (B, K) stand for, chosen by name in the configuration.

An objective knows its loss, its metrics and its answers; `tasks.classification` knows the rest. A new one is a file here with a
subclass of `LabelObjective`, and its entry in the record of the task, `zoo/classification/task.py`.
"""
