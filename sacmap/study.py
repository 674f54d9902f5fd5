"""A study: which crimes are compared, where, when, and with what.

It comes from options, a TOML file with the same keys (see `sacmap.files.study_file`), or both. Options override it.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from pathlib import PurePath
from typing import TypeAlias, TypedDict, Unpack, cast

from sacmap import months
from sacmap.errors import UsageError
from sacmap.months import Period
from sacmap.redaction import redacted

#: The comparators that are no file; `sacmap.measure.comparator.comparator_of` makes each.
COMPARATORS = ("areas", "force", "none")
EXTRA_KINDS = ("xlsx", "gpkg", "png", "pdf")
TILE_PARTS = ("{z}", "{x}", "{y}")
SOURCES = ("auto", "api", "archive")
API_URL = "https://data.police.uk/api"
ARCHIVE_URL = "https://data.police.uk/data/archive"
#: The address of tiles. It becomes part of the page's security policy, so no other characters are allowed.
_TILES = re.compile(r"(?a:https://[\w.{}-]+)(:[0-9]+)?/[^\s\"'<>;,\\]*")
#: How to make a study, for an error.
MADE = "Write Study(crimes=…, boundaries=…, current=…, baseline=…)."
#: Half a character, which Python makes of bytes that are not text.
_HALF = re.compile(r"[\ud800-\udfff]")
_CONTROL = {chr(n) for n in (*range(32), *range(127, 160))}
#: The longest name and path that file systems accept, in bytes, less room for sacmap's endings.
NAME_BYTES, PATH_BYTES = 200, 3_800
#: Fields that are not options: the paths and periods as the user wrote them.
NOT_OPTIONS = {"as_given", "before", "rolling"}
#: Rolling periods: "latest:12" is the newest 12 complete months, "before:3" the three such periods before.
_LATEST, _BEFORE = (re.compile(rf"(?ai:{word}\s*:\s*(\d{{1,2}}))") for word in ("latest", "before"))
MOST_ROLLING = 60
#: Options that are, or may be, paths.
PATHS = {
    "boundaries", "ca_bundle", "comparator", "context", "crimes", "households", "lsoa_boundaries", "out", "store",
}  # fmt: skip
#: Options that are web addresses.
ADDRESSES = {"api_url", "archive_url", "tiles"}
#: Options that take several values, and those that are true or false.
LISTS, FLAGS = {"also", "context", "crimes", "within"}, {"before", "offline", "suppress_small", "yes"}
#: The keys of a study file's [extract].
EXTRACT_KEYS = ("columns", "date_format", "coordinates", "force", "offences", "keep", "drop")
#: The options that say what is compared.
MAIN_OPTIONS = ("current", "baseline", "crimes", "boundaries", "force", "comparator", "title")
#: Names of options that differ from the field: `from` is a keyword of Python.
OPTION_NAMES = {"source": "from"}

Path: TypeAlias = str | os.PathLike[str]


class Options(TypedDict, total=False):
    """The arguments of `Study`. Each is also a key of the study file and an option of the command line."""

    current: str | Sequence[str]
    baseline: str | Sequence[str] | Sequence[Sequence[str]]
    force: str | None
    boundaries: Path | None
    layer: str | None
    crs: str | None
    id_column: str | None
    name_column: str | None
    group_column: str | None
    within: str | Sequence[str]
    households_column: str | None
    households: Path | None
    lsoa_boundaries: Path | None
    crimes: Path | Sequence[Path]
    extract: Mapping[str, object] | None
    suppress_small: bool
    comparator: Path
    context: Path | Sequence[Path]
    title: str | None
    out: Path | None
    also: str | Sequence[str]
    store: Path | None
    offline: bool
    yes: bool
    tiles: str | None
    tiles_key: str | None
    source: str
    api_url: str
    archive_url: str
    ca_bundle: Path | None
    as_given: Mapping[str, str]
    rolling: tuple[int, int] | None


class FetchOptions(TypedDict):
    """The options for fetching, as in `Study`."""

    store: str | None
    offline: bool
    api_url: str | None
    ca_bundle: str | None


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
        given = _checked(cast("Options", there))
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


def unknown_option(name: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests which of the known options is meant by an unknown one, or names the main ones."""
    if name in EXTRACT_KEYS:
        return f"Write {name} below a line [extract], at the end of the study file."
    of_the_word = [one for one in known if name.lower() in re.split("[-_]", one)]
    if near := of_the_word or difflib.get_close_matches(name.lower(), list(known), 1):
        return f"Did you mean {' or '.join(near)}?"
    return f"The main ones are {', '.join(MAIN_OPTIONS)}; `sacmap map --help` lists all."


def option_fields() -> dict[str, str]:
    """Return the options, as they are in a study file too, and the field of each: id-column → id_column."""
    names = [one.name for one in fields(Study) if one.name not in NOT_OPTIONS]
    return {OPTION_NAMES.get(name, name.replace("_", "-")): name for name in names}


def require_extra_kinds(kinds: Iterable[str]) -> None:
    """Refuse kinds of file that sacmap does not write.

    Raises
    ------
    UsageError
        If one is not in `EXTRA_KINDS`.
    """
    unknown = [kind for kind in kinds if kind not in EXTRA_KINDS]
    if unknown:
        raise UsageError(f"--also cannot be {unknown[0]!r}.", f"It can be {', '.join(EXTRA_KINDS)}.")


def _checked(given: Options) -> dict[str, object]:
    """Return the values of the fields that are given, in the types of the fields."""
    known = {one.name for one in fields(Study)}
    for name in given:
        if name not in known:
            raise UsageError(f"There is no option {name!r}.", unknown_option(name, option_fields().values()))
    require_types(given)
    checked = {name: _as_text(name, value) for name, value in given.items()}
    kinds = kinds_of(given.get("also", ()))
    require_extra_kinds(kinds)
    checked |= _periods(given) | {"also": kinds}
    if "extract" in given and not given.get("crimes"):
        raise UsageError(
            "The study describes an extract, but gives none.",
            'Add crimes = "extract.csv" above its [extract] table.',
        )
    _require_written(checked)
    require_paths(checked)
    comparator = os.fspath(given.get("comparator", "areas"))
    if comparator not in COMPARATORS and not PurePath(comparator).suffix:
        raise UsageError(
            f"--comparator cannot be {PurePath(comparator).name!r}.",
            f"It can be {', '.join(COMPARATORS)}, or a CSV file, which sacmap comparator makes of crimes.",
        )
    _require_tiles(given.get("tiles"), given.get("tiles_key"))
    if given.get("source", "auto") not in SOURCES:
        raise UsageError(f"--from cannot be {given['source']!r}.", f"It can be {', '.join(SOURCES)}.")
    return checked


def require_types(given: Mapping[str, object]) -> None:
    """Refuse a value of another type, such as crs=27700. Otherwise it would be a bare error during the run.

    Raises
    ------
    UsageError
        If there is one. The message says what to give.
    """
    for name, value in given.items():
        if hasattr(value, "columns"):
            raise UsageError(f"The {name} must be a path, not a table.", "Give its file, or call locate.")
        several = name in LISTS | NOT_OPTIONS | {"baseline", "current", "extract"}
        if not isinstance(value, bool if name in FLAGS else (str, os.PathLike, *[Iterable] * several)):
            raise _of_another_type(name, value)


def _of_another_type(name: str, value: object) -> UsageError:
    wanted = "True or False" if name in FLAGS else "text"
    remedy = "Give the path of a file, in quotes." if name in PATHS else f"Correct {name}."
    return UsageError(f"The {name} must be {wanted}, not {value!r}.", remedy)


def _as_text(name: str, value: object) -> object:
    """Return a path as text, and the values of an option that takes several as a tuple."""
    if name in LISTS:
        return texts_of(name, value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def texts_of(name: str, value: object) -> tuple[str, ...]:
    """Return the value of an option that takes several texts or paths, or one, as a tuple of text.

    Raises
    ------
    UsageError
        As `require_types`, of its parts too.
    """
    require_types({name: value})
    parts = (value,) if isinstance(value, str | os.PathLike) else tuple(cast("Iterable[object]", value))
    for part in parts:
        if not isinstance(part, str | os.PathLike):
            raise _of_another_type(name, part)
    return tuple(os.fspath(cast("Path", part)) for part in parts)


def _periods(given: Options) -> dict[str, object]:
    """Return current, baseline and rolling after checking them."""
    if given.get("rolling") and "current" not in given:
        return {"current": (), "baseline": (), "rolling": given["rolling"]}
    if "current" not in given:
        raise UsageError(
            "The current period is not given.",
            "Add --current 2017-04:2018-03 (both ends included), or latest:12 for the newest twelve months.",
        )
    before = _rolling(given.get("baseline", ()), _BEFORE)
    latest = _rolling(given["current"], _LATEST)
    if latest is not None:
        if before is None and given.get("baseline"):
            raise UsageError(
                f"The current period is latest:{latest}, so the baseline must be of the same kind.",
                "Write --baseline before:3 for the three such periods before it, or give both as months.",
            )
        return {"current": (), "baseline": (), "rolling": (latest, before or 0)}
    current = _period(given["current"])
    if len(current) != 1:
        raise UsageError("The current period must be one span.", "Write it as --current 2017-04:2018-03.")
    found: dict[str, object] = {"current": current[0], "rolling": given.get("rolling")}
    if before is not None:
        return found | {"baseline": months.periods_before(current[0], before), "before": True}
    baseline = (
        months.baseline_periods(current[0], _period(given["baseline"])) if given.get("baseline") else ()
    )
    return found | {"baseline": baseline}


def _rolling(value: str | Sequence[object], pattern: re.Pattern[str]) -> int | None:
    """Return the number in latest:12 or before:3, or None for any other period."""
    texts = [value] if isinstance(value, str) else list(value)
    found = pattern.fullmatch(texts[0].strip()) if len(texts) == 1 and isinstance(texts[0], str) else None
    if found is None:
        return None
    number = int(found[1])
    if not 1 <= number <= MOST_ROLLING:
        raise UsageError(
            f"{texts[0]} is not possible.",
            f"Use a number from 1 to {MOST_ROLLING}, such as latest:12 or before:3.",
        )
    return number


def _period(value: str | Sequence[str] | Sequence[Sequence[str]]) -> tuple[Period, ...]:
    """Return the spans of a text, or of a list of texts, months or periods. A run of months is one span."""
    if not isinstance(value, Iterable):
        raise UsageError(f"{value!r} is not a period.", "Write it as 2017-04:2018-03, both ends included.")
    parts = (value,) if isinstance(value, str) else tuple(value)
    run = tuple(part for part in parts if isinstance(part, str))
    if words := next((text.strip() for text in run if any(map(str.isalpha, text))), ""):
        raise UsageError(
            f"{words!r} is not a month or a span of months.",
            "Write 2017-04:2018-03, or latest:12 for the current period and before:3 for the baseline.",
        )
    if len(run) < len(parts) or not parts:
        return tuple(span for part in parts for span in _period(part))
    if len(run) > 1 and all(map(months.is_month, run)) and run == months.run_from(run[0], len(run)):
        return (run,)
    return months.spans(run)


def _require_tiles(tiles: str | None, key: str | None) -> None:
    if tiles is not None and not (_TILES.fullmatch(tiles) and all(part in tiles for part in TILE_PARTS)):
        raise UsageError(
            f"--tiles {redacted(tiles)} is not an https address with {{z}}, {{x}} and {{y}}.",
            "Write it as https://tiles.example.org/{z}/{x}/{y}.png.",
        )
    if key is not None and "{key}" not in (tiles or ""):
        raise UsageError("--tiles has no place for the key.", "Put {key} in --tiles where the key belongs.")


def kinds_of(also: str | Sequence[str]) -> tuple[str, ...]:
    """Return ("xlsx", "png") from "xlsx, png" or from separate texts, each once."""
    parts = (part.strip() for text in texts_of("also", also) for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _require_written(given: Mapping[str, object]) -> None:
    """Refuse blank texts, and control characters, which no path or name needs. Some would cut a path short."""
    for name, text in _texts_in(given):
        option = name.replace("_", "-")
        if name not in PATHS and not text.strip():
            raise UsageError(f"The {option} is blank.", "Write it, or leave it out.")
        what = f"The {option} {text!r}"
        if not _CONTROL.isdisjoint(text):
            raise UsageError(f"{what} has a control character in it.", "Write it without.")
        if name not in PATHS and _HALF.search(text):
            raise UsageError(f"{what} has half a character in it.", "Write it again.")


def require_paths(given: Mapping[str, object]) -> None:
    """Refuse a path that is empty (the current folder), an address or too long. `given` may hold other options too."""
    for name, text in _texts_in({name: given[name] for name in given if name in PATHS}):
        what = f"The {name.replace('_', '-')}"
        size = [len(part.encode(errors="surrogatepass")) for part in (*PurePath(text).parts, text)]
        if not text.strip():
            raise UsageError(f"{what} path is empty.", "Write it, or leave it out.")
        # A path has one slash of the two; on Windows it turns them.
        if re.match(r"(?i)https?:[/\\]", text):
            raise UsageError(f"{what}, {text}, is an address, not a file.", "Download it, and give the file.")
        if size[-1] > PATH_BYTES or max(size[:-1], default=0) > NAME_BYTES:
            raise UsageError(f"{what} {text[:40]!r}… is too long for a path.", "Check that line.")


def _texts_in(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each text with the name of its option."""
    for name, value in given.items():
        texts = value if isinstance(value, tuple) else (value,)
        yield from ((name, text) for text in texts if isinstance(text, str))
