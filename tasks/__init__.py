"""Tasks: one LightningModule per task, handed a built model.

A task knows its step, its loss where the model has none, its metrics and what `monitor` means. It knows no domain.
"""
