"""The options that a study is made from: what each may be. An error tells what to write instead.

They come from the command line, from a study file, from Python, or from several of these.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias, TypedDict, cast

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
    names = [name for name in Options.__annotations__ if name not in NOT_OPTIONS]
    return {OPTION_NAMES.get(name, name.replace("_", "-")): name for name in names}


def checked(given: Options) -> dict[str, object]:
    """Return the values of the fields that are given, in the types of the fields."""
    for name in given:
        if name not in Options.__annotations__.keys() | NOT_OPTIONS:
            raise UsageError(f"There is no option {name!r}.", unknown_option(name, option_fields().values()))
    require_types(given)
    values = {name: _as_text(name, value) for name, value in given.items()}
    values |= {"also": kinds_of(given.get("also", ())), **_periods(given)}
    if "extract" in given and not given.get("crimes"):
        raise UsageError(
            "The study describes an extract, but gives none.",
            'Add crimes = "extract.csv" above its [extract] table.',
        )
    _require_written(values)
    require_paths(values)
    comparator = os.fspath(given.get("comparator", "areas"))
    if comparator not in COMPARATORS and not PurePath(comparator).suffix:
        raise UsageError(
            f"--comparator cannot be {PurePath(comparator).name!r}.",
            f"It can be {', '.join(COMPARATORS)}, or a CSV file, which sacmap comparator makes of crimes.",
        )
    _require_tiles(given.get("tiles"), given.get("tiles_key"))
    if given.get("source", "auto") not in SOURCES:
        raise UsageError(f"--from cannot be {given['source']!r}.", f"It can be {', '.join(SOURCES)}.")
    return values


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
    """Return ("xlsx", "png") from "xlsx, png" or from separate texts, each once.

    Raises
    ------
    UsageError
        If one is not in `EXTRA_KINDS`.
    """
    parts = (part.strip() for text in texts_of("also", also) for part in text.split(","))
    kinds = tuple(dict.fromkeys(part for part in parts if part))
    if unknown := [kind for kind in kinds if kind not in EXTRA_KINDS]:
        raise UsageError(f"--also cannot be {unknown[0]!r}.", f"It can be {', '.join(EXTRA_KINDS)}.")
    return kinds


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
