"""Measurements, for people to read and compare; never part of the tests (machines are shared)."""
