"""Why a request is refused, as HTTP and gRPC will say it."""


class Refused(Exception):  # noqa: N818 — reads as what happened
    """`status` is HTTP's; the message tells the sender what was wrong."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Malformed(Refused):
    status = 400


class TooLarge(Refused):
    status = 413


class Unsupported(Refused):
    status = 415


class Busy(Refused):
    status = 503


class Unauthenticated(Refused):
    status = 401
