"""Measure: coverage, counts, the ledger and the change."""
