import asyncio

import typer

from nines import migrations
from nines.config import Settings

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the shape this version expects."""
    migrations.upgrade(Settings.read().database)
    print("The database is up to date.")


@app.command()
def status() -> None:
    """Say whether `upgrade` has anything to do."""
    missing = asyncio.run(migrations.missing(Settings.read().database))
    print(f"To do: {', '.join(sorted(missing))}" if missing else "Up to date.")
    raise typer.Exit(1 if missing else 0)
