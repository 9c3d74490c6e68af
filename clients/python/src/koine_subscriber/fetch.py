"""Where the files of bundles come from: folders that are mounted here, http(s), and S3."""

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import BinaryIO, cast

from koine_subscriber.bundles import Bundle, BundleFile, open_file
from koine_subscriber.errors import RejectedError, TroubleHereError
from koine_subscriber.s3 import open_s3

_SECONDS = 30.0


class UnsupportedPlaceError(TroubleHereError):
    """The store is of a kind that this client does not read, such as gs:."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirects)


def open_source(bundle: Bundle, file: BundleFile) -> BinaryIO:
    """Opens a file at its bundle's place.

    Raises RejectedError if it is not there as listed, UnsupportedPlaceError for other kinds of places, TroubleHereError if the
    place does not answer, OSError if it cannot be read.
    """
    place = urllib.parse.urlsplit(bundle.uri)
    if place.scheme == "file":
        return open_file(_folder(bundle.uri, place), file)
    if place.scheme in ("http", "https"):
        return _open_http(bundle.uri, file)
    if place.scheme in ("s3", "s3a"):
        return open_s3(bundle.uri, file)
    raise UnsupportedPlaceError(
        f"The bundle's place {bundle.uri!r} is not one of file:, http(s): and s3:, and this client reads no other. "
        "Mount the store here, serve it over HTTP, or let koine follow keep a folder."
    )


def _folder(uri: str, place: urllib.parse.SplitResult) -> Path:
    if place.netloc or not place.path.startswith("/"):
        raise RejectedError("PLACE_NOT_ALLOWED", f"The bundle's place {uri!r} is no folder of a mounted file system.")
    folder = Path(urllib.parse.unquote(place.path))
    if not folder.is_dir():
        raise TroubleHereError(f"There is no folder {folder} here. Mount the store where the merge job has it.")
    return folder


def _open_http(uri: str, file: BundleFile) -> BinaryIO:
    file.check()
    url = uri.rstrip("/") + "/" + urllib.parse.quote(file.path)
    try:
        return cast(BinaryIO, OPENER.open(url, timeout=_SECONDS))
    except urllib.error.HTTPError as e:
        e.close()
        if e.code in (404, 410):
            raise RejectedError("MISSING_FILE", f"The bundle lists {file.path!r} but {url} answers {e.code}.") from e
        raise TroubleHereError(f"{url} answers {e.code}.") from e
    except OSError as e:
        raise TroubleHereError(f"{url} does not answer: {e}.") from e
