"""Tests of the demo's model."""
