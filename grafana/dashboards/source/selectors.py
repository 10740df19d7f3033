"""Label selectors and time windows: which series a panel looks at."""

SERVICE = 'service_name="$service"'
ENVIRONMENT = 'deployment_environment_name=~"$environment"'
SELECTED = f"{SERVICE}, {ENVIRONMENT}"

# Grafana's own choice: never shorter than four scrapes, never finer than the picture.
WINDOW = "$__rate_interval"
RANGE = "$__range"


def series(metric: str, *matchers: str) -> str:
    return f"{metric}{{{', '.join(matchers)}}}"


def rate(metric: str, *matchers: str, window: str = WINDOW) -> str:
    return f"rate({series(metric, *matchers)}[{window}])"


def increase(metric: str, *matchers: str, window: str = RANGE) -> str:
    return f"increase({series(metric, *matchers)}[{window}])"
