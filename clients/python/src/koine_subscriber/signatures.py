"""The public keys that are trusted, and for what; the same lines as Java's `TrustedKeys`."""

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from koine_subscriber.errors import RejectedError
from koine_subscriber.statement import statement_of

_ROLES = {"models", "experts", "updates"}


class TrustedKeys:
    """A line a key: its roles with commas between, a space, its X.509 SubjectPublicKeyInfo in base64."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._keys: dict[str, tuple[Ed25519PublicKey, set[str]]] = {}
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.strip().startswith("#"):
                name, key, roles = _parse(line.strip(), number)
                if name in self._keys:
                    raise ValueError(f"Line {number} has a key that is there already; give it all its roles in one line.")
                self._keys[name] = (key, roles)

    @staticmethod
    def read(file: Path) -> "TrustedKeys":
        """Reads a file of lines. Raises ValueError if one is malformed, OSError if it cannot be read."""
        return TrustedKeys(file.read_text(encoding="utf-8").splitlines())

    def require_update(self, update: dict[str, Any]) -> None:
        """Raises RejectedError UNSIGNED or BAD_SIGNATURE unless a key for updates signed what the update says."""
        signature = update["signature"]
        if signature is None:
            raise RejectedError("UNSIGNED", "There is no signature, and only signed updates are taken here.")
        key, roles = self._keys.get(signature["keyId"], (None, set[str]()))
        if key is None or "updates" not in roles:
            raise RejectedError("BAD_SIGNATURE", "The key of the signature is not trusted for updates here.")
        try:
            key.verify(signature["value"], statement_of(update))
        except InvalidSignature as e:
            raise RejectedError(
                "BAD_SIGNATURE", "The signature is not over what is said here: it was changed after it was signed."
            ) from e


def _parse(line: str, number: int) -> tuple[str, Ed25519PublicKey, set[str]]:
    parts = line.split(None, 2)
    try:
        roles = set(parts[0].lower().split(","))
        der = base64.b64decode(parts[1], validate=True)
        key = load_der_public_key(der)
        if not roles <= _ROLES or not isinstance(key, Ed25519PublicKey):
            raise ValueError("another role or kind of key")
    except (ValueError, IndexError) as e:
        raise ValueError(f"Line {number} is no trusted key; write it like 'updates <base64>', as koine keys new does.") from e
    return hashlib.sha256(der).hexdigest()[:16], key, roles
