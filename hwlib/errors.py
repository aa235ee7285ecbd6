"""The one exception for a user's mistake."""


class UserError(Exception):
    """A mistake that the user can mend: one line that says what, where, and what to do.

    The command line prints the line and exits with 2; a notebook shows it without a traceback.
    """
