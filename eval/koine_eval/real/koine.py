"""Runs `koine`, of this checkout or of another one."""

import subprocess
from pathlib import Path

OWN = Path(__file__).parents[3] / "koine"


def run(koine, *words):
    """The output of a command; ends the program with its message if it fails."""
    command = [str(word) for word in (koine, *words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def size(path):
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
