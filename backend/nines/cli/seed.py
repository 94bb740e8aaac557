from nines.accounts.models import Role
from nines.accounts.service import Accounts, NameTaken
from nines.cli.people import with_accounts

FIRST_PEOPLE = {
    "student": Role.STUDENT,
    "instructor": Role.INSTRUCTOR,
    "admin": Role.ADMIN,
}


def seed() -> None:
    """Add a first student, instructor and admin, unless they are there."""
    for line in with_accounts(_seed):
        print(line)


async def _seed(accounts: Accounts) -> list[str]:
    lines = []
    for name, role in FIRST_PEOPLE.items():
        try:
            _, password = await accounts.add(name, role=role)
            lines.append(f"{name:12} one-time password: {password}")
        except NameTaken:
            lines.append(f"{name:12} is there already; `nines user reset {name}` helps")
    return lines
