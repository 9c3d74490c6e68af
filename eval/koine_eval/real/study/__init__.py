"""The experiment: experts of six languages, three seeds, every way to put them together, and languages that nobody asks about."""
