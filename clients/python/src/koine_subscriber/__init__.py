"""Keeps a Python service on the newest version of a model that Koine merges."""

from koine_subscriber.errors import RejectedError, TroubleHereError, UndecodableError
from koine_subscriber.lease import Lease
from koine_subscriber.signatures import TrustedKeys
from koine_subscriber.subscriber import ModelSubscriber, ServedVersion, Status

__all__ = [
    "Lease",
    "ModelSubscriber",
    "RejectedError",
    "ServedVersion",
    "Status",
    "TroubleHereError",
    "TrustedKeys",
    "UndecodableError",
]
