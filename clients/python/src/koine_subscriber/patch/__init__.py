"""Versions that a service computes itself, from the base and the task vectors inside."""
