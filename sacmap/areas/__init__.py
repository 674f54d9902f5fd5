"""Neighbourhood polygons, and the one area each crime belongs to."""
