"""`python -m koine_subscriber follow MODEL`: prints each version that is here, verified, and may run a command for it."""

import argparse
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from koine_subscriber.errors import TroubleHereError
from koine_subscriber.signatures import TrustedKeys
from koine_subscriber.subscriber import ModelSubscriber, ServedVersion


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m koine_subscriber")
    follow = parser.add_subparsers(dest="command", required=True).add_parser("follow", help="follow one model")
    follow.add_argument("model")
    follow.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    follow.add_argument("--cache", required=True, type=Path, help="a folder of its own")
    follow.add_argument("--topic", default="koine.updates")
    follow.add_argument("--in-band", action="store_true", help="take files from koine.artifacts, not from the store")
    follow.add_argument("--trusted-keys", type=Path, help="take only updates that one of these keys signed")
    follow.add_argument("--patches", action="store_true", help="compute versions from base and task vectors where that is less")
    follow.add_argument("--registry", metavar="URL", help="of a schema registry whose wire format is read, too")
    follow.add_argument("--service", metavar="NAME", help="report under this name on koine.services")
    follow.add_argument("--exec", metavar="COMMAND", help="shell command; tried again while it fails")
    follow.add_argument("--json", action="store_true", help="one JSON object a line")
    follow.add_argument("--once", action="store_true", help="end after the first version")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs until it is told to end."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())

    def run(_: Path, version: ServedVersion) -> None:
        if options.exec:
            environment = {
                **os.environ,
                "KOINE_MODEL": options.model,
                "KOINE_VERSION": str(version.version),
                "KOINE_DIGEST": version.digest,
                "KOINE_FOLDER": str(version.folder),
            }
            code = subprocess.run(options.exec, shell=True, env=environment, stdout=sys.stderr).returncode
            if code != 0:
                raise TroubleHereError(f"The command of --exec ended with {code}.")

    def tell(version: ServedVersion) -> None:
        said = {"version": version.version, "digest": version.digest, "folder": str(version.folder)}
        print(json.dumps(said) if options.json else " ".join(map(str, said.values())), flush=True)
        if options.once:
            ended.set()

    try:
        subscriber = ModelSubscriber(
            options.model,
            {"bootstrap.servers": options.bootstrap},
            options.cache,
            lambda folder: folder,
            trial=run,
            trusted=TrustedKeys.read(options.trusted_keys) if options.trusted_keys else None,
            topic=options.topic,
            in_band=options.in_band,
            registry_url=options.registry,
            patches=options.patches,
            service=options.service,
            on_served=tell,
        )
    except ValueError as e:
        _parser().error(str(e))
    with subscriber:
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
