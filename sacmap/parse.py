"""JSON and TOML of others: whatever cannot be a value for us is a ValueError that says why."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def _within_bounds() -> Iterator[None]:
    """Turn what the parsers raise beside their own errors into a ValueError in plain words."""
    try:
        yield
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, UnicodeError):
        raise
    except ValueError:
        # int() and repr() take no more digits than that: it would be slow.
        raise ValueError("it holds a number of thousands of digits") from None


def of_json(raw: bytes | str) -> Any:
    r"""Return the value of JSON text.

    Raises
    ------
    ValueError
        If it is not JSON, is nested too deep, holds a number of thousands of digits, or holds or names half a
        character (\ud800), which is valid JSON and can be written to no file.
    """
    with _within_bounds():
        # Not left to json, which takes bytes that are half a character.
        text = raw if isinstance(raw, str) else raw.decode(json.detect_encoding(raw))
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    return value


def of_toml(text: str) -> dict[str, Any]:
    """Return the table of TOML text.

    Raises
    ------
    ValueError
        If it is not TOML, is nested too deep, or holds a number of thousands of digits.
    """
    with _within_bounds():
        value = tomllib.loads(text)
        # A hexadecimal number can be of any length, and could not be shown by the error that refuses it.
        repr(value)
    return value
