"""The record of the task and of its objectives."""

from zoo.registry.tasks import Objective, Task

ANSWERS = "tools.registry.probes:answers"

TASK = Task(
    name="sequence",
    summary="Classify, tag, transcribe, translate, forecast or watch sequences.",
    pipeline_tag="audio-classification",
    sample="sequence",
    model="ds_cnn_s",
    module="tasks.sequence:Sequence",
    probe=ANSWERS,
    objectives={
        "classify": Objective("audio-classification", "tasks.objectives.classify:Classify", ANSWERS),
        "tag": Objective("token-classification", "tasks.objectives.tag:Tag", ANSWERS, baseline="linear_crf"),
        "detect_speech": Objective(
            "voice-activity-detection", "", ANSWERS, decoder="recipes.inference.speech:DetectSpeech"
        ),
        "forecast": Objective(
            "time-series-forecasting",
            "tasks.objectives.forecast:Forecast",
            "tools.registry.probes:quantiles",
            baseline="seasonal_naive",
        ),
        "detect_anomalies": Objective(
            "other", "tasks.objectives.anomalies:DetectAnomalies", "tools.registry.probes:scores"
        ),
        "transcribe": Objective("automatic-speech-recognition", "tasks.objectives.transcribe:Transcribe", ANSWERS),
        "translate": Objective(
            "translation", "tasks.objectives.translate:Translate", "tools.registry.probes:continuations"
        ),
    },
    files="recipes.speech.wav:SUFFIXES",
    reads="recipes.series.recognise:words_for",
    suggests="recipes.speech.manifest:suggest",
    next_command="zoo predict {run} {new} --out answers.csv",
    exporter="zoo.sequence.export:EXPORTER",
    predictor="recipes.inference.sequences:SequencePredictor",
    annotator="recipes.annotation.labels:Labels",
)
