"""Why a query has no answer; each class is one `errorType` of Prometheus' HTTP API."""


class PromqlError(Exception):
    """Base of all; `kind` is the API's errorType."""

    kind = "internal"


class BadQueryError(PromqlError):
    """The query is not PromQL, or its types do not fit."""

    kind = "bad_data"


class ExecutionError(PromqlError):
    """The query is PromQL, but these data or this engine give no answer to it."""

    kind = "execution"


class UnsupportedError(ExecutionError):
    """Prometheus could answer; this engine refuses by name instead of guessing."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} is not supported by Sightline's viewer{remedy and '; ' + remedy}")


class TimedOutError(PromqlError):
    kind = "timeout"
