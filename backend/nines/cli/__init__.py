"""The command line. A group of commands is a module here with an `app` of its own."""

import sys

import typer

from nines.cli import db, doctor, images, lab, openapi, seed, serve, settings, user
from nines.config import BadSettings
from nines.errors import AppError

app = typer.Typer(
    help="Nines: real machines to practise high availability on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(db.app, name="db")
app.add_typer(images.app, name="images")
app.add_typer(lab.app, name="lab")
app.add_typer(user.app, name="user")
app.command()(serve.serve)
app.command()(seed.seed)
app.command()(doctor.doctor)
app.command()(settings.settings)
app.command()(openapi.openapi)


def main() -> None:
    """Run, and say what went wrong in one sentence."""
    try:
        app()
    except (AppError, BadSettings) as error:
        print(f"nines: {error}", file=sys.stderr)
        sys.exit(1)
