"""Aspects of permission and support: licences and the status of the model."""

from zoo.fit.case import Case, Row, Verdict
from zoo.registry import licences


def licence(case: Case) -> Row | None:
    """Combine the licences of the code, of the weights that are loaded, of their data, and of the data of the run."""
    parts = dict(case.card.licences)
    if case.start:
        parts["weights"] = case.start.licence
        if not case.card.weights and case.backbone:
            parts["data"] = case.backbone.licences.data
    said = ", ".join(f"{part} {value}" for part, value in parts.items())
    use = licences.use({**parts, "your data": case.profile.licence})
    verdict: Verdict = "fits" if use.commercial == "yes" and not use.reasons else "note"
    return Row("licence", said, case.profile.licence, verdict, "" if verdict == "fits" else str(use))


def status(case: Case) -> Row | None:
    """Say when a model is no longer looked after."""
    if case.card.status == "active":
        return None
    return Row("status", case.card.status, "–", "note", "take another for new work: `zoo list --status active`")


ASPECTS = (licence, status)
