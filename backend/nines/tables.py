"""Every table of every domain, for migrations and for tests that create them."""

from importlib import import_module
from pkgutil import walk_packages

from sqlalchemy import MetaData

import nines
from nines.db import Model


def all_tables() -> MetaData:
    """The metadata once each domain's `models` has been imported."""
    for module in walk_packages(nines.__path__, "nines."):
        if module.name.rpartition(".")[2] == "models":
            import_module(module.name)
    return Model.metadata
