from nines.config import settings_table


def settings() -> None:
    """Print every setting, its default and what it means."""
    print(settings_table(), end="")
