"""One JSON file of a bundle, asked for fields that have to be there."""

import json
from pathlib import Path
from typing import Any

from koine_subscriber.errors import RejectedError

_LARGEST_INDEX = (1 << 24) - 1


class BundleJson:
    """An object. What it lacks raises RejectedError NOT_LOADABLE."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises RejectedError MISSING_FILE or NOT_LOADABLE, OSError if the file cannot be read."""
        self._name = name
        try:
            self._root = json.loads((folder / name).read_text("utf-8"))
        except FileNotFoundError as e:
            raise RejectedError("MISSING_FILE", f"The bundle has no {name}. Export the model together with it.") from e
        except ValueError as e:
            raise RejectedError("NOT_LOADABLE", f"{name} is no JSON in UTF-8: {e}.") from e
        if not isinstance(self._root, dict):
            raise RejectedError("NOT_LOADABLE", f"{name} is not a JSON object.")

    def has(self, field: str) -> bool:
        """Whether it is there and not null."""
        return self._root.get(field) is not None

    def text(self, field: str) -> str:
        """A text."""
        return str(self._checked(field, self._root.get(field), "a text", lambda value: isinstance(value, str)))

    def number(self, field: str) -> float:
        """A number."""
        return float(self._checked(field, self._root.get(field), "a number", lambda value: type(value) in (int, float)))

    def index(self, field: str) -> int:
        """A number of a token, a frame or the like: from 0 up to 16 million."""
        return self._index(field, self._root.get(field))

    def indices(self, field: str) -> frozenset[int]:
        """One index or a list of them; empty where the field is missing or null."""
        value = self._root.get(field)
        values = [] if value is None else value if isinstance(value, list) else [value]
        return frozenset(self._index(field, element) for element in values)

    def table(self, field: str | None = None) -> dict[str, int]:
        """The whole numbers of an object, or of the whole file; empty where the object is missing."""
        table = self._root if field is None else self._root.get(field) or {}
        self._checked(field or "the object", table, "an object", lambda value: isinstance(value, dict))
        return {key: int(self._checked(key, value, "a whole number", lambda it: type(it) is int)) for key, value in table.items()}

    def _index(self, field: str, value: Any) -> int:
        kind = f"a whole number from 0 to {_LARGEST_INDEX}"
        return int(self._checked(field, value, kind, lambda it: type(it) is int and 0 <= it <= _LARGEST_INDEX))

    def _checked(self, field: str, value: Any, kind: str, condition: Any) -> Any:
        if not condition(value):
            raise RejectedError(
                "NOT_LOADABLE",
                f"{self._name} should have {kind} at '{field}' but has {str(value)[:100]}. "
                "Take the file that the model was exported with.",
            )
        return value
