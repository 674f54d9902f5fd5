"""A study: which crimes are compared, where, when, and with what.

It comes from options, a TOML file with the same keys (see `sacmap.files.study_file`), or both. Options override it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import PurePath
from typing import Unpack, cast

from sacmap import months
from sacmap.months import Period
from sacmap.redaction import redacted
from sacmap.study_options import ADDRESSES, API_URL, ARCHIVE_URL, COMPARATORS, PATHS, Options, checked

#: How to make a study, for an error.
MADE = "Write Study(crimes=…, boundaries=…, current=…, baseline=…)."


@dataclass(frozen=True, kw_only=True, init=False)
class Study:
    """A comparison of a current period with a baseline of one or more periods of the same calendar months.

    Values are checked. The periods may be given as spans ("2025-04:2026-03") or as months, and become tuples of months.
    Without a baseline, only the level is mapped. With current "latest:12" and baseline "before:3", rolling is (12, 3);
    both are empty until the crimes are read (see `rolled_to`). before is True where "before:3" is beside given months.
    Paths can be opened from the current folder; as_given has those of a study file as they were written (see `shown`).

    >>> study = Study(current="2025-04:2026-03", baseline="2023-04:2025-03", crimes="crimes.zip")
    >>> len(study.current), len(study.baseline), study.crimes
    (12, 2, ('crimes.zip',))
    >>> Study(curent="2025-04:2026-03")
    Traceback (most recent call last):
    sacmap.errors.UsageError: There is no option 'curent'.
    Did you mean current?
    """

    current: Period
    baseline: tuple[Period, ...]
    force: str | None = None
    boundaries: str | None = None
    layer: str | None = None
    crs: str | None = None
    id_column: str | None = None
    name_column: str | None = None
    group_column: str | None = None
    within: tuple[str, ...] = ()
    households_column: str | None = None
    households: str | None = None
    lsoa_boundaries: str | None = None
    crimes: tuple[str, ...] = ()
    extract: Mapping[str, object] | None = field(default=None, hash=False)
    suppress_small: bool = False
    comparator: str = "areas"
    context: tuple[str, ...] = ()
    title: str | None = None
    out: str | None = None
    also: tuple[str, ...] = ()
    store: str | None = None
    offline: bool = False
    yes: bool = False
    tiles: str | None = None
    tiles_key: str | None = None
    source: str = "auto"
    api_url: str = API_URL
    archive_url: str = ARCHIVE_URL
    ca_bundle: str | None = None
    as_given: Mapping[str, str] = field(default_factory=dict, hash=False)
    before: bool = False
    rolling: tuple[int, int] | None = None

    def __init__(self, **options: Unpack[Options]) -> None:
        """Check the options. None and empty values are replaced by the defaults.

        Raises
        ------
        UsageError
            If an option is unknown, the periods are missing or do not match, or a value is invalid.
        """
        there = {k: v for k, v in options.items() if v is not None and (type(v) is not tuple or v)}
        given = checked(cast("Options", there))
        for one in fields(self):
            default = one.default if one.default_factory is MISSING else one.default_factory()
            object.__setattr__(self, one.name, given.get(one.name, default))

    @property
    def periods(self) -> tuple[Period, ...]:
        """All periods: the baseline's, then the current one."""
        return (*self.baseline, self.current)

    @property
    def comparator_file(self) -> str | None:
        """The file that the expected counts follow, if they follow one."""
        return None if self.comparator in COMPARATORS else self.comparator

    @property
    def months(self) -> tuple[str, ...]:
        """All months of all periods, sorted."""
        return tuple(sorted({month for period in self.periods for month in period}))

    def record(self) -> dict[str, object]:
        """Return the study for the JSON record, without the fields that do not affect the result."""
        left_out = {"tiles_key", "store", "offline", "yes", "ca_bundle", "as_given"}
        shown = {name: value for name, value in asdict(self).items() if name not in left_out}
        return {name: self._recorded(name, value) for name, value in shown.items()}

    def _recorded(self, name: str, value: object) -> object:
        if isinstance(value, str) and name in ADDRESSES:
            return redacted(value)
        if value is None or name not in PATHS:
            return value
        return [self.shown(part) for part in value] if isinstance(value, tuple) else self.shown(str(value))

    def shown(self, path: str) -> str:
        """Return a given path, or the path of a file in a given folder, as the user wrote it."""
        written = {path: path for path in (*self.crimes, self.boundaries or "")} | dict(self.as_given)
        for used, given in written.items():
            if PurePath(path) == PurePath(used):
                return given
        for used, given in self.as_given.items():
            if PurePath(path).is_relative_to(used):
                return str(PurePath(given) / PurePath(path).relative_to(used))
        return path


def rolled_to(study: Study, last: str, first: str = "") -> Study:
    """Set a study's rolling periods: the current one ends in `last`, and none of the baseline begins before `first`."""
    if study.rolling is None:
        return study
    length, before = study.rolling
    current = tuple(months.shift(last, k + 1 - length) for k in range(length))
    baseline = months.periods_before(current, before)
    return replace(study, current=current, baseline=tuple(p for p in baseline if p[0] >= first))


def make_study(values: Mapping[str, object] | None = None, /, **options: object) -> Study:
    """Return a study from a mapping, from keyword options, or from both. Keyword options override the mapping.

    Raises
    ------
    UsageError
        As `Study`.
    """
    return Study(**cast("Options", {**(values or {}), **options}))
