"""What can go wrong on purpose."""


class Refused(Exception):
    """A request we do not carry out; `code` is one of ARCHITECTURE.md's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TemplateDamaged(Exception):
    """The template cannot be used; the server bakes it again."""


class MachineFailed(Exception):
    """QEMU, or what it runs, did not do its part."""
