"""The cookie that says which browser this is, out of reach of scripts."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Response
from fastapi.requests import HTTPConnection

NAME = "nines_session"


@dataclass(frozen=True, kw_only=True)
class SignInCookie:
    secure: bool = False
    lifetime: timedelta = timedelta(days=365)  # The server decides when it ends.

    def read(self, connection: HTTPConnection) -> str | None:
        return connection.cookies.get(NAME)

    def give(self, response: Response, token: str) -> None:
        response.set_cookie(
            NAME,
            token,
            max_age=int(self.lifetime.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self.secure,
        )

    def take(self, response: Response) -> None:
        response.delete_cookie(NAME, httponly=True, samesite="lax", secure=self.secure)
