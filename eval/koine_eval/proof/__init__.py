"""Is merging worth it? Ten languages, both tasks, three seeds: training, merging through Koine, measuring, results."""
