"""Choose: where to protect homes, where to hold a week of action, and whether it worked."""
