"""Answers: one predictor for everything that answers, whatever it is opened from. `zoo.load(NAME)` opens one."""
