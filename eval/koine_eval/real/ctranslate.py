"""Reads the file `model.bin` of CTranslate2.

Little-endian: version, specification, revision, number of tensors; of each its name, dimensions, element type, bytes; then
aliases. Texts have a length of two bytes and end in a zero.
"""

import struct

import numpy as np

ELEMENTS = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class _Reader:
    def __init__(self, data):
        self.data, self.position = data, 0

    def number(self, kind):
        [value] = struct.unpack_from(f"<{kind}", self.data, self.position)
        self.position += struct.calcsize(kind)
        return value

    def text(self):
        return self.take(self.number("H")).rstrip(b"\0").decode()

    def take(self, size):
        self.position += size
        if self.position > len(self.data):
            raise ValueError("The file ends too early.")
        return self.data[self.position - size : self.position]


def read(data):
    """Name -> array, of the bytes of a model.bin; aliases are resolved."""
    reader = _Reader(data)
    version, specification, _ = reader.number("I"), reader.text(), reader.number("I")
    if version != 6 or specification != "WhisperSpec":
        raise ValueError(f"Expected version 6 of WhisperSpec, not version {version} of {specification}.")
    tensors = {}
    for _ in range(reader.number("I")):
        name = reader.text()
        shape = [reader.number("I") for _ in range(reader.number("B"))]
        element = ELEMENTS[reader.number("B")]
        tensors[name] = np.frombuffer(reader.take(reader.number("I")), element).reshape(shape)
    for _ in range(reader.number("I")):
        alias, name = reader.text(), reader.text()
        tensors[alias] = tensors[name]
    if reader.position != len(data):
        raise ValueError(f"{len(data) - reader.position} bytes are left over.")
    return tensors
