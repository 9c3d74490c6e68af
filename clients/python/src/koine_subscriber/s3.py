"""Files of bundles in S3, by boto3: keys, region and endpoint (AWS_ENDPOINT_URL) come from where it looks for them."""

import functools
import io
import re
import urllib.parse
from typing import Any, BinaryIO, cast

from koine_subscriber.bundles import BundleFile
from koine_subscriber.errors import RejectedError, TroubleHereError

_BUCKET = re.compile("[A-Za-z0-9][A-Za-z0-9.-]{1,62}")


def open_s3(uri: str, file: BundleFile) -> BinaryIO:
    """Opens a file of the bundle at `s3://bucket/prefix/`.

    Raises RejectedError if the place is none or has no such object, or one of another size; TroubleHereError for all else that S3
    or boto3 says, or where boto3 is missing.
    """
    file.check()
    bucket, prefix = _place(uri)
    try:
        from botocore.exceptions import ClientError
    except ImportError as e:
        raise TroubleHereError(
            f"The bundle's place {uri!r} is in S3, which takes boto3. Install it: pip install 'koine-subscriber[s3]'."
        ) from e
    try:
        answer = _client().get_object(Bucket=bucket, Key=prefix + file.path)
    except ClientError as e:
        code = e.response.get("Error", {}).get("Code")
        if code == "NoSuchKey":
            raise RejectedError("MISSING_FILE", f"The bundle lists {file.path!r} but {uri} has no such object.") from e
        raise TroubleHereError(f"S3 does not give {file.path!r} of {uri} ({code}): {e}. {_advice(code)}") from e
    except Exception as e:
        raise TroubleHereError(f"S3 does not give {file.path!r} of {uri}: {e}. {_advice(None)}") from e
    body = answer["Body"]
    if answer["ContentLength"] != file.size:
        body.close()
        raise file.wrong_size(answer["ContentLength"])
    return cast(BinaryIO, _Body(body, f"{file.path!r} of {uri}"))


def _place(uri: str) -> tuple[str, str]:
    place = urllib.parse.urlsplit(uri)
    path = urllib.parse.unquote(place.path).removeprefix("/").removesuffix("/")
    whole = uri == f"{place.scheme}://{place.netloc}{place.path}"
    plain = not path or not ({"", ".", ".."} & set(path.split("/")) or "\\" in path)
    if not (whole and plain and _BUCKET.fullmatch(place.netloc)):
        raise RejectedError(
            "PLACE_NOT_ALLOWED",
            f"The place {uri!r} is no plain URI of a folder in object storage. Write it like s3://bucket/models/whisper-de/.",
        )
    return place.netloc, f"{path}/" if path else ""


@functools.cache
def _client() -> Any:
    import boto3
    from botocore.config import Config

    return boto3.Session().client(
        "s3",
        config=Config(
            connect_timeout=3,
            read_timeout=10,
            retries={"total_max_attempts": 3, "mode": "standard"},
            response_checksum_validation="when_required",
        ),
    )


def _advice(code: str | None) -> str:
    if code == "NoSuchBucket":
        return "Make the bucket, or name another one."
    if code == "RequestTimeTooSkewed":
        return "Set this machine's clock."
    if code is None:
        return "Check AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    return "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do."


class _Body(io.RawIOBase):
    """The content of an object. A connection that breaks raises TroubleHereError."""

    def __init__(self, body: Any, what: str) -> None:
        self._body = body
        self._what = what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._body.read(len(buffer))
        except Exception as e:
            raise TroubleHereError(f"S3 broke off within {self._what}: {e}.") from e
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
