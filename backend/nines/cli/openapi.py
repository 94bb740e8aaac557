import json

from nines.app import from_settings


def openapi() -> None:
    """Print the API's OpenAPI description, from which the pages' types are made."""
    print(json.dumps(from_settings().openapi(), indent=1, ensure_ascii=False))
