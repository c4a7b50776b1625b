"""The Numenta Anomaly Benchmark: 58 series of servers, machines, traffic, clicks and tweets, 47 of them real, with windows.

Lavin and Ahmad 2015, https://arxiv.org/abs/1510.03336; https://github.com/numenta/NAB, MIT. A detector may learn from the
first 15 % of a series, which is not scored; it then meets one step after another. Published scores of the standard profile
(results/final_results.json of the repository): ARTime 74.9, Numenta HTM 70.1, context OSE 69.9, earthgecko Skyline 58.2,
KNN CAD 58.0, relative entropy 54.6, random cut forest 51.7, windowed Gaussian 39.6, Etsy Skyline 35.7, random 16.8, null 0.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.kit.choice import one_of
from recipes.kit.module import Change
from recipes.kit.split import Split
from recipes.kit.table import Table, read_table
from recipes.series import times
from recipes.series.future import TRAINED, Timed
from recipes.series.module import SeriesModule
from recipes.series.series import Series
from tasks.objectives import nab
from zoo.errors import ZooError
from zoo.sources import Source, fetch_files

SOURCE = "github://numenta/NAB@ea702d7"
LABELS = "labels/combined_windows.json"
#: sha256 over the labels and all series, in this order.
SHA256 = "3e88e20c07884fe585e76ff829b290dea0f461413d7b2e6eb6d12ad97ff742b9"
#: Series by folder.
FILES: Mapping[str, str] = {
    "artificialNoAnomaly": "art_daily_no_noise art_daily_perfect_square_wave art_daily_small_noise art_flatline art_noisy",
    "artificialWithAnomaly": (
        "art_daily_flatmiddle art_daily_jumpsdown art_daily_jumpsup art_daily_nojump "
        "art_increase_spike_density art_load_balancer_spikes"
    ),
    "realAWSCloudwatch": (
        "ec2_cpu_utilization_24ae8d ec2_cpu_utilization_53ea38 ec2_cpu_utilization_5f5533 "
        "ec2_cpu_utilization_77c1ca ec2_cpu_utilization_825cc2 ec2_cpu_utilization_ac20cd "
        "ec2_cpu_utilization_c6585a ec2_cpu_utilization_fe7f93 ec2_disk_write_bytes_1ef3de "
        "ec2_disk_write_bytes_c0d644 ec2_network_in_257a54 ec2_network_in_5abac7 elb_request_count_8c0756 "
        "grok_asg_anomaly iio_us-east-1_i-a2eb1cd9_NetworkIn rds_cpu_utilization_cc0c53 "
        "rds_cpu_utilization_e47b3b"
    ),
    "realAdExchange": (
        "exchange-2_cpc_results exchange-2_cpm_results exchange-3_cpc_results exchange-3_cpm_results "
        "exchange-4_cpc_results exchange-4_cpm_results"
    ),
    "realKnownCause": (
        "ambient_temperature_system_failure cpu_utilization_asg_misconfiguration "
        "ec2_request_latency_system_failure machine_temperature_system_failure nyc_taxi rogue_agent_key_hold "
        "rogue_agent_key_updown"
    ),
    "realTraffic": "TravelTime_387 TravelTime_451 occupancy_6005 occupancy_t4013 speed_6005 speed_7578 speed_t4013",
    "realTweets": (
        "Twitter_volume_AAPL Twitter_volume_AMZN Twitter_volume_CRM Twitter_volume_CVS Twitter_volume_FB "
        "Twitter_volume_GOOG Twitter_volume_IBM Twitter_volume_KO Twitter_volume_PFE Twitter_volume_UPS"
    ),
}


class Machines(SeriesModule):
    """All series of the benchmark, or those of the folders in `only`, such as realKnownCause."""

    def __init__(self, name: str, augment: Change | None = None, only: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(name, augment, **settings)
        for folder in only:
            one_of("data.only", folder, FILES)
        self.folders = tuple(only) or tuple(FILES)

    def names(self) -> list[str]:
        """Return the names of all series, folder and file."""
        return [f"{folder}/{file}" for folder, files in FILES.items() for file in files.split()]

    def sources(self) -> Sequence[Source]:
        """Return the labels and the series; their sha256 is one over all, which `read_split` checks."""
        return [Source(f"{SOURCE}/{LABELS}"), *(Source(f"{SOURCE}/data/{name}.csv") for name in self.names())]

    def read_split(self) -> Split[Series]:
        """Read the series; training is the first tenth of each, validation the first 15 %, the test all of it."""
        paths = fetch_files(self.sources())
        if hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest() != SHA256:
            raise ZooError(f"the files of {SOURCE} are not those that were published; `zoo cache` shows where they lie")
        labels = json.loads(paths[0].read_text(encoding="utf-8"))
        every = [
            watched(name, path, labels[f"{name}.csv"])
            for name, path in zip(self.names(), paths[1:], strict=True)
            if name.partition("/")[0] in self.folders
        ]
        first = [series.cut(0, nab.probation(len(series.values))) for series in every]
        parts = {
            "train": [series.cut(0, round(TRAINED * len(series.values))) for series in first],
            "val": first,
            "test": every,
        }
        count = sum(len(nab.windows(series.steps > 0)) for series in every if series.steps is not None)
        note = (
            f"test: {len(every)} series with {count} labelled windows, their first 15 % (at most 750 steps) not scored;"
            " training: the first tenth of each, validation, where the threshold is learnt: the first 15 %"
        )
        return Split(parts, bands=("value",), notes=(note,), licence="MIT")

    def read_new(self, path: Path) -> tuple[tuple[str, ...], Sequence[Timed]]:
        """Read another file of the benchmark's format: timestamp, value."""
        table = read_table(path)
        return ("value",), [Timed(Series("", table.numbers(["value"])[0]), times_of(table))]


def watched(name: str, path: Path, windows: Sequence[tuple[str, str]]) -> Series:
    """Return a series in the order of its rows, with 1 at the steps inside of labelled windows."""
    table = read_table(path)
    at = times_of(table)
    steps = np.zeros(len(at), np.int64)
    for start, end in windows:
        begins, ends = times.read_times([start, end], [1, 1], LABELS)
        steps[(at >= begins) & (at <= ends)] = 1
    return Series(name, table.numbers(["value"])[0], steps=steps, times=at)


def times_of(table: Table) -> np.ndarray:
    """Return the times (T,) of the rows, seconds."""
    return times.read_times(table.words("timestamp"), table.lines, f"{table.path}, column 'timestamp'")
