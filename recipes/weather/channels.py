"""The sixteen channels of ClimateNet's fields, as CAM5 calls them, with their units and the range that becomes [0, 1].

Prabhat et al. 2021, https://doi.org/10.5194/gmd-14-107-2021, table 1.
"""

from typing import NamedTuple


class Channel(NamedTuple):
    """What a channel is, its unit, and its range."""

    about: str
    unit: str
    low: float
    high: float

    @property
    def range(self) -> tuple[float, float]:
        """The values that become 0 and 1."""
        return self.low, self.high


CHANNELS = {
    "tmq": Channel("precipitable water", "kg/m2", 0, 80),
    "u850": Channel("eastward wind at 850 hPa", "m/s", -60, 60),
    "v850": Channel("northward wind at 850 hPa", "m/s", -60, 60),
    "ubot": Channel("eastward wind of the lowest level", "m/s", -60, 60),
    "vbot": Channel("northward wind of the lowest level", "m/s", -60, 60),
    "qrefht": Channel("specific humidity at 2 m", "kg/kg", 0, 0.025),
    "ps": Channel("surface pressure", "Pa", 60_000, 105_000),
    "psl": Channel("pressure at sea level", "Pa", 94_000, 105_000),
    "t200": Channel("temperature at 200 hPa", "K", 200, 240),
    "t500": Channel("temperature at 500 hPa", "K", 225, 280),
    "prect": Channel("precipitation", "m/s", 0, 4e-6),
    "ts": Channel("surface temperature", "K", 240, 315),
    "trefht": Channel("temperature at 2 m", "K", 240, 315),
    "z1000": Channel("height of 1000 hPa", "m", -450, 450),
    "z200": Channel("height of 200 hPa", "m", 10_500, 12_800),
    "zbot": Channel("height of the lowest level", "m", 40, 80),
}
