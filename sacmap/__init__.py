"""Maps of change in serious acquisitive crime (SAC) from police.uk data."""
