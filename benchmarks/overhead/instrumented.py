"""The same service under `instrument(app)`."""

from bare import make_app

from sightline.telemetry import instrument

app = make_app()
instrument(app)
