"""What is compared: which crimes, where, when, against what.

A study is a TOML file whose keys are the command's options, or the options alone; an option wins over the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePath
from typing import Any

from sacmap import months
from sacmap.errors import InputError, UsageError
from sacmap.files.text import parse_toml

Period = tuple[str, ...]

COMPARATORS = ("areas", "force", "none")
ALSO = ("xlsx", "gpkg", "png", "pdf")
TILE_PARTS = ("{z}", "{x}", "{y}")
SOURCES = ("auto", "api", "archive")
API_URL = "https://data.police.uk/api"
#: Where the page may load tiles from: it becomes part of the page's own rules, so nothing else may stand in it.
_TILES = re.compile(r"(?a:https://[\w.{}-]+)(:[0-9]+)?/[^\s\"'<>;,\\]*")
_CONTROL = {chr(n) for n in (*range(32), *range(127, 160))}
ARCHIVE_URL = "https://data.police.uk/data/archive"


@dataclass(frozen=True, kw_only=True)
class Study:
    """A comparison of a current period with a baseline of one or more periods of the same calendar months.

    Paths are as the command can open them; as_given says how the user wrote those of a study file, which are
    relative to it: see `read_study` and `shown`.
    """

    current: Period
    baseline: tuple[Period, ...]
    force: str | None = None
    boundaries: str | None = None
    id_column: str | None = None
    name_column: str | None = None
    households_column: str | None = None
    households: str | None = None
    lsoa_boundaries: str | None = None
    crimes: tuple[str, ...] = ()
    extract: dict[str, Any] | None = None
    suppress_small: bool = False
    comparator: str = "areas"
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
    as_given: Mapping[str, str] = field(default_factory=dict)

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every period, the baseline's first and the current one last."""
        return (*self.baseline, self.current)

    @property
    def months(self) -> tuple[str, ...]:
        """Every month of every period, sorted."""
        return tuple(sorted({month for period in self.periods for month in period}))

    def record(self) -> dict[str, Any]:
        """Return the study for the JSON record: its fields, less the ones that say nothing of the result."""
        silent = {"tiles_key", "store", "offline", "yes", "ca_bundle", "as_given"}
        said = {name: value for name, value in asdict(self).items() if name not in silent}
        return {name: self._said(name, value) for name, value in said.items()}

    def _said(self, name: str, value: Any) -> Any:
        if value is None or name not in PATHS:
            return value
        return [self.shown(part) for part in value] if isinstance(value, tuple) else self.shown(value)

    def shown(self, path: str) -> str:
        """Return a path, or one of a file in a folder given, as the user wrote it."""
        written = {path: path for path in (*self.crimes, self.boundaries or "")} | dict(self.as_given)
        for used, given in written.items():
            if PurePath(path) == PurePath(used):
                return given
        for used, given in self.as_given.items():
            if PurePath(path).is_relative_to(used):
                return str(PurePath(given) / PurePath(path).relative_to(used))
        return path


def baseline_periods(current: Period, spans: Iterable[Period]) -> tuple[Period, ...]:
    """Cut the baseline's spans into whole periods of the same calendar months as `current`.

    A span holds n periods where it starts on the calendar month the current period starts on and ends on the one
    it ends on: 2014-04:2017-03 is three years for a current 2017-04:2018-03, and 2016-07:2017-07 is two Julys for
    a current 2018-07.

    Raises
    ------
    UsageError
        If a span is of unlike months, overlaps the current period or another span, or lies after the current
        period; the message gives the span that would do.
    """
    length, start = len(current), months.number(current[0])
    step = 12 * -(-length // 12)
    suggestion = months.written(tuple(months.shift(month, -step) for month in current))
    remedy = f"Use --baseline {suggestion}, or a longer run of such periods before it."
    found: list[Period] = []
    for given in spans:
        written = months.written(given)
        first, beyond = months.number(given[0]), months.number(given[-1]) + 1
        whole, rest = divmod(beyond - first - length, step)
        if (start - first) % 12 or rest or whole < 0:
            raise UsageError(
                f"The baseline {written} is not whole periods of the months of {months.written(current)}.",
                remedy,
            )
        if beyond > start:
            raise UsageError(
                f"The baseline {written} overlaps or follows the current period {months.written(current)}.",
                remedy,
            )
        found += [tuple(months.label(first + step * k + m) for m in range(length)) for k in range(whole + 1)]
    found.sort()
    if not found:
        raise UsageError("No baseline was given.", remedy)
    every = [month for period in found for month in period]
    if len(set(every)) < len(every):
        raise UsageError("The spans of the baseline overlap one another.", "Give each month once.")
    return tuple(found)


def spans(values: str | Sequence[str]) -> tuple[Period, ...]:
    """Return the spans of "2014-04:2015-03, 2016-04:2017-03", or of a list of such texts."""
    texts = [values] if isinstance(values, str) else list(values)
    return tuple(months.span(part) for text in texts for part in re.split(r"[,\s]+", text.strip()) if part)


def make_study(values: Mapping[str, Any]) -> Study:
    """Return the study of a mapping of options to values; options unset (None or empty) take their defaults.

    Raises
    ------
    UsageError
        If the periods are missing or do not match, or a value is not among those an option takes.
    """
    given = {name: value for name, value in values.items() if value is not None and value != ()}
    for name, example in (("current", "2017-04:2018-03"), ("baseline", "2014-04:2017-03")):
        if name not in given:
            raise UsageError(
                f"The {name} period is not given.", f"Add --{name} {example} (both ends included)."
            )
    current = spans(given.pop("current"))
    if len(current) != 1:
        raise UsageError("The current period must be one span.", "Write it as --current 2017-04:2018-03.")
    baseline = baseline_periods(current[0], spans(given.pop("baseline")))
    given["also"] = _split(given.get("also", ()))
    unknown = [kind for kind in given["also"] if kind not in ALSO]
    if unknown:
        raise UsageError(f"--also does not know {unknown[0]!r}.", f"It takes {', '.join(ALSO)}.")
    if "extract" in given and not given.get("crimes"):
        raise UsageError(
            "The study tells how an extract is laid out, but no extract was given.",
            'Add crimes = "extract.csv" above its [extract] table.',
        )
    _require_printable(given)
    _require_short(given)
    comparator = given.get("comparator", "areas")
    if comparator not in COMPARATORS and not PurePath(comparator).suffix:
        raise UsageError(
            f"--comparator does not know {PurePath(comparator).name!r}.",
            f"It takes {', '.join(COMPARATORS)}, or a CSV file.",
        )
    tiles = given.get("tiles")
    if tiles is not None and not (_TILES.fullmatch(tiles) and all(part in tiles for part in TILE_PARTS)):
        raise UsageError(
            f"--tiles {tiles} is not an https address with {{z}}, {{x}} and {{y}}.",
            "Write it as https://tiles.example.org/{z}/{x}/{y}.png.",
        )
    if given.get("tiles_key") is not None and "{key}" not in (tiles or ""):
        raise UsageError("--tiles-key has no place to go.", "Put {key} in --tiles where the key belongs.")
    if given.get("source", "auto") not in SOURCES:
        raise UsageError(f"--from does not know {given['source']!r}.", f"It takes {', '.join(SOURCES)}.")
    return Study(current=current[0], baseline=baseline, **given)


def _split(texts: Iterable[str]) -> tuple[str, ...]:
    """Return ("xlsx", "png") of "xlsx, png" or of the two apart, each once."""
    return tuple(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))


def _require_printable(given: Mapping[str, Any]) -> None:
    """Refuse control characters: no path or name has any, and some would be taken as the end of a path."""
    for name, value in given.items():
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and not _CONTROL.isdisjoint(text):
                raise UsageError(
                    f"The {name.replace('_', '-')} {text!r} holds a control character.", "Write it without."
                )


def _require_short(given: Mapping[str, Any]) -> None:
    """Refuse paths that no system can hold: asking whether such a file is there ends in an error of its own."""
    for name in PATHS & given.keys():
        for text in _several(given[name]):
            longest = max((len(part.encode()) for part in PurePath(text).parts), default=0)
            if longest > NAME_BYTES or len(text.encode()) > PATH_BYTES:
                raise UsageError(
                    f"The {name.replace('_', '-')} {text[:40]!r}… is too long for a path.", "Check that line."
                )


def read_study(path: Path) -> dict[str, Any]:
    """Read a study file into options: keys as the command's options, with - or _; paths relative to the file.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML.
    UsageError
        If a key is not an option or its value is of the wrong kind.
    """
    try:
        raw = parse_toml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"The study {path} cannot be read: {error.strerror}.", "Check its path.") from None
    except UnicodeDecodeError:
        raise InputError(f"The study {path} is not UTF-8.", "Save it as UTF-8 in your editor.") from None
    except ValueError as error:
        raise InputError(f"The study {path} is not TOML: {error}.", "Mend that line.") from None
    checked = {
        name: _checked(path, key, name, value) for key, value in raw.items() for name in [_option(path, key)]
    }
    placed = {name: _beside(path, name, value) for name, value in checked.items()}
    as_given = {
        used: given
        for name in PATHS & placed.keys()
        for used, given in zip(_several(placed[name]), _several(checked[name]), strict=True)
    }
    return placed | ({"as_given": as_given} if as_given else {})


_LISTS = {"crimes", "also", "baseline"}
_FLAGS = {"offline", "suppress_small", "yes"}
#: Options that are paths, or may be one.
#: What file systems take of a name and of a whole path, with room for our own endings.
NAME_BYTES, PATH_BYTES = 200, 3_800
PATHS = {"boundaries", "ca_bundle", "comparator", "crimes", "households", "lsoa_boundaries", "out", "store"}


def _option(path: Path, key: str) -> str:
    name = {"from": "source"}.get(key, key.replace("-", "_"))
    known = {each.name for each in fields(Study)} - {"as_given"}
    if name not in known or key == "source":
        listed = ", ".join(sorted("from" if n == "source" else n.replace("_", "-") for n in known))
        raise UsageError(f"The study {path} has an unknown key {key!r}.", f"Its keys are {listed}.")
    return name


def _checked(path: Path, key: str, name: str, value: object) -> Any:
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise UsageError(f"In the study {path}, {key} must be true or false.", "Mend that line.")
        return value
    if name == "extract":
        if not isinstance(value, dict):
            raise UsageError(f"In the study {path}, [extract] must be a table.", "See docs/extract.md.")
        return value
    if name in _LISTS:
        several = [value] if isinstance(value, str) else value
        if not isinstance(several, list) or not all(isinstance(part, str) for part in several):
            raise UsageError(
                f"In the study {path}, {key} must be text or a list of texts.", "Mend that line."
            )
        return tuple(part.strip() for part in several)
    if not isinstance(value, str):
        raise UsageError(f"In the study {path}, {key} must be text in quotes.", "Mend that line.")
    return value


def _several(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,)


def _beside(path: Path, name: str, value: Any) -> Any:
    """Make a relative path of the study file relative to where the command runs."""
    if name not in PATHS or (name == "comparator" and value in COMPARATORS):
        return value
    if isinstance(value, tuple):
        return tuple(str(path.parent / part) for part in value)
    return str(path.parent / value)
