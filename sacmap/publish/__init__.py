"""Publish: the officer's page and the files beside it."""
