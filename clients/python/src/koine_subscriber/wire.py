"""Walks over an encoded Avro record without building it, so that no length is believed before its bytes are there."""

from typing import Any

_STEPS, _STEPS_A_BYTE = 1024, 64
"""So that values without bytes, in a schema that came with the data, keep nobody busy; Koine's take three steps a byte."""


class WireCheck:
    """A walk over one message.

    `walk` raises EOFError or ValueError where the message does not hold what it claims.
    """

    def __init__(self, message: bytes, start: int) -> None:
        self._message = message
        self._steps_left = _STEPS + _STEPS_A_BYTE * len(message)
        self.position = start

    def walk(self, schema: Any, named: dict[str, Any]) -> None:
        """Passes over one value of a schema; `named` has the types that it refers to by name."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise ValueError("too many values for its length")
        if isinstance(schema, list):
            index = self._long()
            if not 0 <= index < len(schema):
                raise ValueError(f"a union has no branch {index}")
            self.walk(schema[index], named)
            return
        kind = schema["type"] if isinstance(schema, dict) else schema
        if isinstance(schema, dict) and kind == "record":
            for field in schema["fields"]:
                self.walk(field["type"], named)
        elif isinstance(schema, dict) and kind == "enum":
            symbol = self._long()
            if not 0 <= symbol < len(schema["symbols"]):
                raise ValueError(f"an enum has no symbol {symbol}")
        elif isinstance(schema, dict) and kind == "array":
            self._blocks(named, schema["items"])
        elif isinstance(schema, dict) and kind == "map":
            self._blocks(named, "string", schema["values"])
        elif isinstance(schema, dict) and kind == "fixed":
            self._skip(schema["size"])
        elif isinstance(kind, dict | list):
            self.walk(kind, named)
        elif kind in ("string", "bytes"):
            self._skip(self._long())
        elif kind in ("int", "long"):
            self._long()
        elif kind == "double":
            self._skip(8)
        elif kind == "float":
            self._skip(4)
        elif kind == "boolean":
            self._skip(1)
        elif kind in named:
            self.walk(named[kind], named)
        elif kind != "null":
            raise ValueError(f"there is no type {kind}")

    def _blocks(self, named: dict[str, Any], *element: Any) -> None:
        while (count := self._long()) != 0:
            if count < 0:
                count = -count
                self._long()
            if count > len(self._message):
                raise EOFError(f"{count} elements")
            for _ in range(count):
                for schema in element:
                    self.walk(schema, named)

    def _skip(self, length: int) -> None:
        if length < 0 or self.position + length > len(self._message):
            raise EOFError(f"a length of {length} bytes")
        self.position += length

    def _long(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            if self.position >= len(self._message):
                raise EOFError("a number is cut off")
            byte = self._message[self.position]
            self.position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
        raise ValueError("a number of more than 64 bits")
