"""Aspects of what is learnt and from how much: task, classes, their balance, the amount of examples."""

from zoo.fit.case import Case, Row, number
from zoo.quantities import count
from zoo.registry import tasks as known_tasks

#: Ratio of the most to the least frequent class that counts as high.
IMBALANCE = 100
#: What ways to sample do about it.
SAMPLED = {"balanced": "class-balanced sampling", "rare": "crops are drawn near what is rare"}
#: Parameters for one example up to which random weights have been seen to be enough.
PARAMETERS_AN_EXAMPLE = 4_400


def task(case: Case) -> Row | None:
    """Hold the task of the data against the task of the model; only a wrong one is a row."""
    if case.card.task == case.profile.task:
        return None
    way = f"`zoo list --task {case.profile.task}` lists models for it"
    return Row("task", case.card.task, case.profile.task, "mismatch", way)


def classes(case: Case) -> Row | None:
    """Hold the number of classes against the designed one; where the card says so, the last layer is made anew.

    A model of one class that adapts to no other, such as one for proposals, names nothing.
    """
    designed, mine = case.card.designed_for.classes, len(case.profile.classes)
    if designed is None or not mine:
        return None
    if designed == 1 and "classes" not in case.card.adapts:
        return Row("classes", "none named", str(mine), "mismatch", "a model that adapts to other classes")
    if designed == mine:
        return Row("classes", str(designed), str(mine), "fits")
    if "classes" in case.card.adapts:
        return Row("classes", str(designed), str(mine), "adapted", f"new last layer for {mine}")
    return Row("classes", str(designed), str(mine), "mismatch", "a model that adapts to other classes")


def balance(case: Case) -> Row | None:
    """Look at the examples of each class.

    Thresholds: under 20 independent examples (`Task.few`) the standard error of a rate such as recall exceeds 0.11 (the
    binomial's at one half), so neither learning nor measuring is possible. A ratio over 100 : 1 counts as high imbalance
    (Leevy et al. 2018, “A survey on addressing high-class imbalance in big data”,
    https://doi.org/10.1186/s40537-018-0151-6).
    """
    counts = case.profile.classes
    if len(counts) < 2:
        return None
    record = known_tasks.task(case.profile.task)
    few = sum(count < record.few for count in counts.values())
    ratio = max(counts.values()) / max(1, min(counts.values()))
    data = f"{few} of {len(counts)} under {record.few} {record.label}s" if few else f"{number(ratio)} : 1"
    said = f"{record.few} {record.label}s a class" if record.few else f"up to {IMBALANCE} : 1"
    if not few and ratio <= IMBALANCE:
        return Row("balance", said, data, "fits")
    sampling, weights = case.setting("data.sampling"), case.setting("task.class_weights")
    if sampling in SAMPLED:
        return Row("balance", said, data, "adapted", SAMPLED[sampling])
    if weights:
        return Row("balance", said, data, "adapted", "classes weighted in the loss")
    return Row("balance", said, data, "mismatch", balancing(case, few))


def balancing(case: Case, few: int) -> str:
    """Return what would help rare classes in this run."""
    sparse = few == len(case.profile.classes)  # what is rare everywhere is not mended by weights
    if case.key("data.sampling") and not sparse:
        return "data.sampling=balanced"
    if case.key("task.class_weights") and not sparse:
        rarest = min(case.profile.classes, key=lambda name: case.profile.classes[name])
        return f"task.class_weights={{{rarest}:10}}"
    return "gather more of them, or merge them" if few else "read the metrics by class"


def amount(case: Case) -> Row | None:
    """Hold the amount of data against the parameters, when training starts from random weights.

    Threshold: He, Girshick and Dollár 2019, “Rethinking ImageNet Pre-training” (https://arxiv.org/abs/1811.08883), table
    of section 5: random weights still do on 10,000 images for 44 million parameters, and collapse below.
    """
    parameters, profile = case.card.parameters, case.profile
    if not parameters or not profile.samples:
        return None
    examples = max(profile.samples, profile.objects or 0)
    unit = "objects" if examples == profile.objects else "samples"
    said, data = f"{count(parameters)} parameters", f"{number(examples)} {unit}"
    if case.start or parameters <= PARAMETERS_AN_EXAMPLE * examples:
        return Row("amount of data", said, data, "fits")
    has_weights = case.card.weights or (case.backbone and case.backbone.weights)
    way = "model.pretrained=true" if has_weights else "a smaller model, or one with pretrained weights"
    return Row("amount of data", said, data, "mismatch", way)


ASPECTS = (task, classes, balance, amount)
