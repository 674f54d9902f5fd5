"""The practice borough: a made-up place whose true changes are known, for the demo and the tests."""

from sacmap.practice.borough import CRIME_SHARES, MONTHS, Borough, Planted, borough
from sacmap.practice.write_practice import Practice, write_practice

__all__ = ["CRIME_SHARES", "MONTHS", "Borough", "Planted", "Practice", "borough", "write_practice"]
