"""Measurements of what the project claims, as ratios within one run: see README.md beside this file."""
