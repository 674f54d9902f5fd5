"""The practice borough: a made-up place with a known truth, for the demonstration and the tests."""

from sacmap.practice.borough import CRIME_SHARES, MONTHS, Borough, Planted, borough
from sacmap.practice.files import Practice, write_practice

__all__ = ["CRIME_SHARES", "MONTHS", "Borough", "Planted", "Practice", "borough", "write_practice"]
