"""Publish: the officer's page and the other files."""
