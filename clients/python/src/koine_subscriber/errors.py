"""What can be wrong with a version, and what can be wrong here."""


class UndecodableError(Exception):
    """Bytes that are not one of Koine's events. Reading them again gives the same answer."""


class RejectedError(Exception):
    """Something is wrong with the version itself; trying again gives the same answer.

    `code` is one of the codes of docs/refusals.md, such as DIGEST_MISMATCH.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotAsListedError(RejectedError):
    """The version's files are not at their place as they are listed: it is refused, but the store may give them yet."""


class TroubleHereError(Exception):
    """Something is wrong here: broker, store, disk. The version is as good as before, and is tried again."""
