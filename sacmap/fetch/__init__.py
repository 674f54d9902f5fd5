"""Fetch: read crimes from files, the API and the archive of police.uk."""
