"""Keeps a Python service on the newest version of a model that Koine merges."""
