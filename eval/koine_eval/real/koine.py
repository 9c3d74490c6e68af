"""Runs `koine`, of this checkout or of another one."""

import subprocess
from pathlib import Path

OWN = Path(__file__).parents[3] / "koine"


#: How a command ends whose event or folder was refused.
REFUSED = 3


def run(koine, *words, refusals=False):
    """The output of a command; ends the program with its message if it fails, or is refused where no refusals are expected."""
    command = [str(word) for word in (koine, *words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and not (refusals and done.returncode == REFUSED):
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def size(path):
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
