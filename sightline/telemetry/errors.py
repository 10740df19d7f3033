"""The one error a user can meet at start-up: a sentence, never a traceback."""


class TelemetryError(SystemExit):
    """A setting that cannot be; ends the process with its sentence unless caught."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"sightline.telemetry: {sentence}")

    def __str__(self) -> str:
        return str(self.code)
