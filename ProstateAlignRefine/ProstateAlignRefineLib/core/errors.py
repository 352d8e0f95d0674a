"""The one error a user can mend."""


class InputError(Exception):
    """What the user gave cannot be used.

    The text is one sentence for the screen: what is wrong, where, and what to do. It never holds patient data.
    The command line prints it and exits with code 2.
    """
