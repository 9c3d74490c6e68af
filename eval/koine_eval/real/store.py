"""Where packages, speech, models and measurements lie, outside of the repository."""

import argparse
import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: The folder with the commands and with what they pin.
COMMANDS = Path(__file__).parents[2] / "real"


@dataclass(frozen=True)
class Store:
    """The folder that KOINE_REAL_CACHE names."""

    folder: Path

    @property
    def packages(self):
        return self.folder / "packages"

    @property
    def manifest(self):
        return self.folder / "speech" / "manifest.jsonl"

    def model(self, name):
        """A model of that name: a transformers folder, an ONNX bundle, or an adapter."""
        return self.folder / name

    def record(self, kind, name):
        """What was measured, as JSON."""
        return self.folder / "measured" / kind / f"{name}.json"

    def read(self, kind, name):
        path = self.record(kind, name)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def write(self, kind, name, record):
        path = self.record(kind, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        part.rename(path)


@contextmanager
def new_folder(folder):
    """An empty folder that gets the name `folder` when all is written; what an interrupted run has left is thrown away."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    yield part
    part.rename(folder)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parser(doc):
    """The arguments that every command has."""
    made = argparse.ArgumentParser(description=doc)
    made.add_argument("--cache", type=lambda text: Store(Path(text)), required=True, help="folder that keeps everything")
    return made


def say(line):
    print(line, flush=True)
