from fastapi import APIRouter, Request, Response, status

from nines.accounts.models import Person
from nines.accounts.schemas import Credentials, Me, MeUpdate, PasswordChange
from nines.deps import AccountsDep, CookieDep, NewcomerDep, TokenDep

router = APIRouter(tags=["accounts"])


@router.post("/sign-in", response_model=Me)
async def sign_in(
    body: Credentials,
    request: Request,
    response: Response,
    accounts: AccountsDep,
    cookie: CookieDep,
    token: TokenDep,
) -> Person:
    person, new_token = await accounts.sign_in(
        name=body.name, password=body.password, address=_address(request)
    )
    await accounts.sign_out(token)  # Who was signed in here before is not any more.
    cookie.give(response, new_token)
    return person


@router.post("/sign-out", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(
    response: Response, accounts: AccountsDep, cookie: CookieDep, token: TokenDep
) -> None:
    await accounts.sign_out(token)
    cookie.take(response)


@router.get("/me", response_model=Me)
async def me(person: NewcomerDep) -> Person:
    return person


@router.patch("/me", response_model=Me)
async def settle(body: MeUpdate, person: NewcomerDep, accounts: AccountsDep) -> Person:
    return await accounts.settle(person, **body.model_dump(exclude_unset=True))


@router.post("/me/password", status_code=status.HTTP_204_NO_CONTENT)
async def change_password(
    body: PasswordChange,
    request: Request,
    person: NewcomerDep,
    accounts: AccountsDep,
    token: TokenDep,
) -> None:
    await accounts.change_password(
        person,
        current=body.current,
        new=body.new,
        address=_address(request),
        token=token,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
