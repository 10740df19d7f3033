"""The command that mends a part: of the compose stack, of the demo, or of a stranger's system."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sightline.proof.addresses import Mode

# The flag that names each part's address.
_FLAGS = {
    "viewer": "--viewer",
    "otel-collector": "--otlp-http",
    "prometheus": "--prometheus",
    "loki": "--loki",
    "tempo": "--tempo",
    "jaeger": "--jaeger",
    "grafana": "--grafana",
    "orders": "--orders",
    "payments": "--payments",
}


@dataclass(frozen=True)
class Remedies:
    mode: Mode
    foreign: bool  # a system that neither `make demo` nor compose has started
    data: Path  # of the demo
    own_service: str = ""  # the address of a user's own, which neither of them starts

    def start(self, part: str) -> str:
        if part in self._own:
            return f"start your app, and ask again: curl -i {self.own_service}"
        if self.foreign:
            return f"start {part}, or say where it is: sightline doctor {_FLAGS[part]} URL"
        if self.mode is Mode.STACK:
            return f"docker compose up --wait {part}"
        if self.mode is Mode.VIEWER:
            return "make demo   (Ctrl-C the one that runs first)"
        return "make demo   (without Docker), or make up (with Docker)"

    def restart(self, part: str) -> str:
        if self.mode is Mode.STACK and not self.foreign and part not in self._own:
            return f"docker compose restart {part}"
        return self.start(part)

    def recreate(self, part: str) -> str:
        """Take up changed files and settings."""
        if self.mode is Mode.STACK and not self.foreign and part not in self._own:
            return f"docker compose up --wait --force-recreate {part}"
        return self.start(part)

    def look(self, part: str) -> str:
        """Where the part says what ails it."""
        if self.foreign or part in self._own or self.mode is Mode.NONE:
            return f"look into the log of {part}"
        if self.mode is Mode.STACK:
            return f"docker compose logs --tail 50 {part}"
        return f"tail -n 50 {self.data / 'logs' / part}.log"

    def with_setting(self, setting: str, part: str) -> str:
        if self.foreign or part in self._own or self.mode is Mode.NONE:
            return f"start {part} with {setting}"
        if self.mode is Mode.STACK:
            return f"{setting} docker compose up --wait {part}"
        return f"{setting} make demo"

    def scrape_target(self, name: str, address: str) -> str:
        """How the service becomes a target."""
        if self.mode is Mode.VIEWER:
            return f"sightline view --scrape {name}={address}/metrics"
        host = "host.docker.internal" if self.own_service else name
        port = urlsplit(address).port or 80
        line = f"- {{targets: [{host}:{port}], labels: {{job: {name}}}}}"
        if self.foreign:
            return f"add to Prometheus' scrape targets: {line}"
        return f"add to prometheus/targets.yml: {line}"

    def scrape_file(self) -> str:
        if self.mode is Mode.VIEWER:
            return "sightline view --scrape NAME=URL   (an address that curl can read from there)"
        if self.foreign:
            return "mend the address in Prometheus' configuration (Status → Target health)"
        return "mend the address in prometheus/targets.yml   (Prometheus reads it anew by itself)"

    @property
    def _own(self) -> frozenset[str]:
        return frozenset({"service"}) if self.own_service else frozenset()
