"""Choose: where to harden, where to hold a week of action, and what came of it."""
