"""Trainings compared: models, domains and choices under one budget, and recipes that are run again."""
