"""`python -m load`: traffic against whatever runs, progress on the way, a summary at the end."""

import sys

from load.options import parse


def main() -> int:
    options = parse()
    # Locust patches the standard library when imported: only once there is something to run.
    from load.run import Run, TargetError, configure_logging, require_target  # noqa: PLC0415

    configure_logging()
    try:
        require_target(options.host)
    except TargetError as error:
        print(f"load: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 1
    with Run(options) as run:
        return run.go()


if __name__ == "__main__":
    sys.exit(main())
