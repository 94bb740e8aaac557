"""Every error the platform raises on purpose.

    AppError
    ├── NotSignedIn   401   we do not know who you are
    ├── NotFound      404   the thing does not exist, or is not yours to see
    ├── Forbidden     403   you may see it, you may not do that to it
    ├── Conflict      409   right request, wrong moment
    ├── Invalid       422   well-formed, but it makes no sense here
    ├── TooMany       429   slow down; `params["seconds"]` says for how long
    └── Unavailable   503   something we depend on is down; trying again may help

Domain modules subclass these and never mention HTTP; the numbers live here.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class AppError(Exception):
    """Shown to the person using the platform: write the message for them."""

    status: ClassVar[int] = 500
    params: Mapping[str, object] = MappingProxyType({})  # For the translated text.

    @property
    def code(self) -> str:
        """A stable name for clients to branch on: `LabNotFound` is `lab_not_found`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()


class NotSignedIn(AppError):
    status = 401


class NotFound(AppError):
    status = 404


class Forbidden(AppError):
    status = 403


class Conflict(AppError):
    status = 409


class Invalid(AppError):
    status = 422


class TooMany(AppError):
    status = 429


class Unavailable(AppError):
    status = 503
