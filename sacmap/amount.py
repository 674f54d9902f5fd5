"""Amounts on the command line, as people write them."""

from __future__ import annotations

import re
from typing import Any

import click

_WRITTEN = re.compile(r"£?\s?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)((?:\.[0-9]+)?)")


class Pounds(click.FloatRange):
    """A sum of money: 10000, 10,000 or £10,000."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, without its sign and its commas."""
        written = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) else None
        number = float(written[1].replace(",", "") + written[2]) if written else value
        return super().convert(number, param, ctx)
