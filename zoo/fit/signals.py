"""Aspects of sequences and recordings: objective, sample rate, bandwidth, length, features, vocabulary."""

from zoo.fit.case import Case, Row, interval, number, spread


def objective(case: Case) -> Row | None:
    """Hold what the run asks of its sequences against what the model can be asked."""
    asked, able = case.setting("task.objective"), case.card.objectives
    if asked is None or not able:
        return None
    if asked in able:
        return Row("objective", ", ".join(able), asked, "fits")
    return Row(
        "objective",
        ", ".join(able),
        asked,
        "mismatch",
        f"a model whose card lists {asked}, or task.objective={able[0]}",
    )


def sample_rate(case: Case) -> Row | None:
    """Hold the sample rate of the recordings against the designed one.

    No threshold: filters and mel bands are laid out in samples, so any other rate shifts every frequency.
    """
    designed, mine = case.card.designed_for.sample_rate, case.profile.sample_rate
    if designed is None or mine is None:
        return None
    said, data = f"{designed:,} Hz", f"{mine:,} Hz"
    front, given = case.options.get("sample_rate"), case.setting("data.sample_rate") or mine
    if front not in (None, given):
        way = case.option("sample_rate", given, f"data.sample_rate={front}")
        return Row("sample rate", said, data, "mismatch", f"{way}; the model is set to {front:,} Hz")
    if given == designed:
        done = "" if mine == given else f"recordings resampled to {given:,} Hz"
        return Row("sample rate", said, data, "adapted" if done else "fits", done)
    if front == given:
        lost = f"; recordings lose what is above {given // 2:,} Hz, model.sample_rate={mine} keeps it"
        done = f"front end for {given:,} Hz, by model.sample_rate{lost if mine > given else ''}"
        return Row("sample rate", said, data, "adapted", done)
    return Row("sample rate", said, data, "mismatch", f"data.sample_rate={designed}")


def bandwidth(case: Case) -> Row | None:
    """Hold the frequencies that carry something against those that the model listens to.

    What lies above half of the sample rate was never recorded (Nyquist); resampling does not bring it back. A note when
    less than three quarters of the designed band are there.
    """
    designed, rate = case.card.designed_for.bandwidth, case.profile.sample_rate
    found = case.profile.bandwidth or ((0.0, rate / 2) if rate else None)
    if designed is None or found is None:
        return None
    said, data = interval(*designed, "Hz"), interval(*found, "Hz")
    shared = min(designed[1], found[1]) - max(designed[0], found[0])
    if shared < 0.75 * (designed[1] - designed[0]):
        return Row("bandwidth", said, data, "note", "what is above or below was never recorded")
    return Row("bandwidth", said, data, "fits")


def length(case: Case) -> Row | None:
    """Hold the lengths of the sequences against the designed ones; nine tenths must lie inside."""
    designed, mine = case.card.designed_for.length, case.profile.steps
    if designed is None or mine is None:
        return None
    unit = "s" if case.profile.sample_rate else "steps"
    said, data = interval(*designed, unit), spread(mine, unit)
    if designed[0] <= mine.low and mine.high <= designed[1]:
        return Row("length", said, data, "fits")
    crop = case.setting("data.length", "data.crop", "model.length")
    if crop is not None and mine.high > designed[1]:
        return Row("length", said, data, "adapted", f"windows of {crop}")
    if {"length", "input size"} & set(case.card.adapts):
        return Row("length", said, data, "adapted", "the network takes any length")
    if mine.high > designed[1]:
        key = case.key("data.length", "data.crop", "model.length") or "data.length"
        return Row("length", said, data, "mismatch", f"{key}={number(designed[1])}")
    return Row("length", said, data, "note", "shorter ones are padded")


def features(case: Case) -> Row | None:
    """Hold the numbers a step against the designed ones; a first layer can be made anew."""
    designed, mine = case.card.designed_for.features, case.profile.features
    if designed is None or mine is None:
        return None
    if designed == mine:
        return Row("features", str(designed), str(mine), "fits")
    if {"features", "bands"} & set(case.card.adapts):
        return Row("features", str(designed), str(mine), "adapted", f"new first layer for {mine}")
    return Row("features", str(designed), str(mine), "mismatch", "a model that adapts to other features")


def vocabulary(case: Case) -> Row | None:
    """Hold the different tokens of the data against those of the model; a token it does not know cannot be learnt."""
    designed, mine = case.card.designed_for.vocabulary, case.profile.vocabulary
    if designed is None or mine is None:
        return None
    said, data = f"{designed:,} tokens", f"{mine:,} tokens"
    rows = case.options.get("vocabulary")  # of the table of what is read
    if rows is not None and mine > rows:
        return Row("vocabulary", said, data, "mismatch", f"model.vocabulary={mine}")
    if designed == mine or (rows is not None and mine < designed):
        return Row("vocabulary", said, data, "fits")
    if rows is not None:
        return Row("vocabulary", said, data, "adapted", f"a table of {rows:,} rows")
    if {"vocabulary", "classes"} & set(case.card.adapts):
        return Row("vocabulary", said, data, "adapted", f"new last layer for {mine:,} tokens")
    if mine < designed:
        return Row("vocabulary", said, data, "note", "tokens of the model that the data has not stay unused")
    return Row("vocabulary", said, data, "mismatch", "a model that adapts to other vocabularies")


ASPECTS = (objective, sample_rate, bandwidth, length, features, vocabulary)
