"""Areas: boundaries, and the area of each crime."""
