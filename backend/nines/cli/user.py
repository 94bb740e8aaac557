from typing import Annotated

import typer

from nines.accounts.models import Role
from nines.cli.people import with_accounts

app = typer.Typer(help="People.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="What the person types to sign in.")]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.STUDENT,
    display_name: Annotated[str, typer.Option(help="What others see.")] = "",
) -> None:
    """Add somebody and print a one-time password, to be changed at first sign-in."""
    person, password = with_accounts(
        lambda accounts: accounts.add(name, role=role, display_name=display_name)
    )
    print(f"{person.role} {person.name}, one-time password: {password}")


@app.command()
def reset(name: Name) -> None:
    """Print a new one-time password; sign the person out; enable them again."""
    password = with_accounts(lambda accounts: accounts.reset(name))
    print(f"{name}, one-time password: {password}")


@app.command()
def disable(name: Name) -> None:
    """Keep somebody out; what they did stays."""
    with_accounts(lambda accounts: accounts.disable(name))
    print(f"{name} cannot sign in any more. `nines user reset {name}` undoes it.")


@app.command("list")
def list_everyone() -> None:
    """Everybody, and what they may do."""
    for person in with_accounts(lambda accounts: accounts.everyone()):
        state = "disabled" if person.disabled else ""
        waiting = "one-time password" if person.must_change_password else ""
        print(
            f"{person.name:20} {person.role:10} {person.display_name:24} "
            f"{state or waiting}".rstrip()
        )
