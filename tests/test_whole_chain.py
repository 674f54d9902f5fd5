"""Whatever the server does on the way: the crimes it has are the crimes in the ledger, in their areas, once each."""

import random

import pytest
from builders import AREAS, FORCE, NAME, WANTED, crimes_of
from conftest import square
from police_uk import Clock, Police, serve, web

from sacmap.areas.locate import locate
from sacmap.comparison import compare_areas
from sacmap.errors import SourceError
from sacmap.fetch.download import Downloader, Origin
from sacmap.study import make_study

pytestmark = pytest.mark.slow

FAULTS = (
    "cut_length", "cut_chunked", "cut_close", "html", "odd", "seconds", "nonsense", "429", "503", "502", "504", "500",
    "reset", "redirect", "bad_gzip",
)  # fmt: skip
#: Runs after which faults end: until then each goes on where the last one stopped.
RUNS = 6


# These seeds have every size of an answer and every share of faults.
@pytest.mark.parametrize("seed", [0, 1, 5, 6])
def test_the_crimes_of_the_server_are_the_ledger_whatever_faults_were_played(tmp_path, monkeypatch, seed):
    monkeypatch.chdir(tmp_path)
    luck = random.Random(seed)
    clock = Clock()
    police = Police(clock=clock)
    police.neighbourhoods[FORCE] = {f"N{n}": (f"Area {n}", square(n)) for n in range(4)}
    # Few enough for an answer that every month is asked in parts, and crimes lie on the lines between them.
    police.most = luck.choice([8, 20, 60])
    crimes = crimes_of(per_month=30, seed=seed)
    police.publish(crimes)
    share = luck.choice([0.05, 0.3, 0.6])
    played, runs = [], 0

    def fault(number, path):
        if runs >= RUNS or luck.random() > share:
            return None
        played.append(luck.choice(FAULTS))
        return played[-1]

    police.fault = fault
    reading = None
    with serve(police) as base:
        while reading is None:
            origin = Origin(force=FORCE, store="store", api_url=f"{base}/api", archive_url=f"{base}/archive")
            with Downloader(origin, say=lambda _: None, agree=lambda _: True, web=web(clock)) as source:
                try:
                    reading = source.download(WANTED, AREAS).reading
                except SourceError:
                    if runs >= RUNS:  # the server was well by then
                        raise
            runs += 1
    assert played

    periods = {"current": "2024-01:2024-03", "baseline": "2023-01:2023-03", "force": FORCE}
    result = compare_areas(make_study(periods), reading, AREAS)
    located = [one for one in crimes if one["location"]]
    inside = [one for one in located if float(one["location"]["longitude"]) <= 0.04]
    assert result.ledger.record() == {
        "rows_read": len(crimes),
        "other_crime_types": 0,
        "other_months": 0,
        "duplicates": 0,
        "forces_left_out": 0,
        "no_location": len(crimes) - len(located),
        "outside_areas": len(located) - len(inside),
        "counted": len(inside),
    }
    assert result.totals["sac"]["current_count"] == sum(one["month"] >= "2024" for one in inside)
    # Each one crime for crime: its month, type and place.
    table = locate(reading.crimes, AREAS)
    found = sorted(
        zip(table["month"].astype(str), table["crime_type"].astype(str), table["lon"].fillna(-1), strict=True)
    )
    sent = sorted(
        (one["month"], one["category"], float(one["location"]["longitude"]) if one["location"] else -1)
        for one in crimes
    )
    assert found == sent
    assert NAME in set(table["force"])
    assert not list((tmp_path / "store").rglob("*.part"))
