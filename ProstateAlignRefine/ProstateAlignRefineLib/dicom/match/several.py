"""What is said where nothing tells which study of a folder is meant."""

from ...core.errors import InputError

NAME_ONE = "see them with `inspect --studies` and name one with --study, or give the folder of one study"


class SeveralStudiesError(InputError):
    """The folder holds several studies or patients, and nothing says which is meant."""


class OtherStudiesError(InputError):
    """The folder holds studies, but not the one that is named."""
