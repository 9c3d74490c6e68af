"""The fields of protobuf messages in a buffer. Payloads are not looked at: a weight of gigabytes costs one skip."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass

from koine_subscriber.errors import RejectedError

Buffer = bytes | mmap.mmap
_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Field:
    """One field. A number's value is in `value`; what has a length lies from `start` to before `end`."""

    number: int
    is_packed: bool
    value: int
    start: int
    end: int


def fields(data: Buffer, start: int, end: int) -> Iterator[Field]:
    """The fields of the message from `start` to before `end`. Raises RejectedError NOT_ONNX."""
    at = start
    while at < end:
        tag, at = _varint(data, at, end)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at, end)
            yield Field(number, False, value, 0, 0)
        elif wire == _LENGTH_DELIMITED:
            length, at = _varint(data, at, end)
            if length > end - at:
                raise broken(f"field {number} near byte {at} is longer than its message")
            yield Field(number, True, 0, at, at + length)
            at += length
        elif wire in (_FIXED32, _FIXED64):
            start, at = at, at + (4 if wire == _FIXED32 else 8)
            if at > end:
                raise broken(f"a number near byte {at} is cut off")
            yield Field(number, False, 0, start, at)
        else:
            raise broken(f"field {number} near byte {at} has the wire type {wire}")


def numbers(data: Buffer, field: Field) -> list[int]:
    """The varints of a field, packed or not."""
    if not field.is_packed:
        return [field.value]
    found, at = [], field.start
    while at < field.end:
        value, at = _varint(data, at, field.end)
        found.append(value)
    return found


def floats(data: Buffer, field: Field) -> list[int]:
    """The bits of the float32 numbers of a field, packed or not."""
    return [int.from_bytes(data[at : at + 4], "little") for at in range(field.start, field.end, 4)]


def signed(number: int) -> int:
    """A varint as an int64."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


def text(data: Buffer, field: Field) -> str:
    """A field as text."""
    try:
        return data[field.start : field.end].decode()
    except UnicodeDecodeError as e:
        raise broken(f"field {field.number} near byte {field.start} is no text") from e


def _varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise broken(f"a number near byte {at} is cut off")


def broken(what: str) -> RejectedError:
    """The refusal of a file as a model."""
    return RejectedError("NOT_ONNX", f"The base is not a readable ONNX model: {what}.")
