"""Coverage, counts, the ledger and the change."""
