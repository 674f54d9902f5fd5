"""JSON of others: whole characters only."""

from __future__ import annotations

import json
from typing import Any


def parsed(raw: bytes | str) -> Any:
    r"""Return the value of JSON text.

    Raises
    ------
    ValueError
        If it is not JSON, or names half a character (\ud800), which is valid JSON and can be written to no file.
    RecursionError
        If it is nested too deep.
    """
    value = json.loads(raw)
    escape = b"\\u" if isinstance(raw, bytes) else "\\u"
    if escape in raw:  # type: ignore[operator]
        json.dumps(value, ensure_ascii=False).encode()
    return value
