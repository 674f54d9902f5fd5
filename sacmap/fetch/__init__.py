"""Bring the crimes and the boundaries: police.uk files, its API, its archive."""
