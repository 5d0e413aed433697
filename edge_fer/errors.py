"""The one error that a user sees."""


class UserError(Exception):
    """Something the user can put right.

    The text is one line that names the thing, the value and the remedy. The command line prints it
    without a traceback and ends with exit code 2.
    """
