"""An app as newcomers bring theirs: FastAPI, standard logging, and no telemetry of any kind."""
