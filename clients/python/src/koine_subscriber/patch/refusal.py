"""Why a version is not computed here."""


class UnsupportedError(Exception):
    """Nothing is wrong with the version, but this client fetches it whole: the message says why, as a part of a sentence."""
