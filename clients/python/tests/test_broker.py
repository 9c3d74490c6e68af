"""The updates topic of a real broker, which KOINE_BROKER names with KOINE_MODEL: at least one version is there."""

import os
from pathlib import Path

import pytest

from koine_subscriber.__main__ import main

BROKER = os.environ.get("KOINE_BROKER")


@pytest.mark.skipif(BROKER is None, reason="KOINE_BROKER names no broker")
def test_follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["follow", os.environ["KOINE_MODEL"], "--bootstrap", str(BROKER), "--cache", str(tmp_path), "--json", "--once"]
    assert main(arguments) == 0
    assert '"digest": "sha256:' in capsys.readouterr().out
