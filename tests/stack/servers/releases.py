"""Which release of each server is tested; the images in docker-compose.yml name the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).parent

Recipe = Literal["install", "module", "collector", "none"]


@dataclass(frozen=True)
class Release:
    name: str
    version: str
    programs: dict[str, str]  # program -> the Go package that it is built from
    recipe: Recipe
    module: str = ""  # the Go module and its version, which may be numbered unlike the release
    remedy: str = ""  # what to do where there is no recipe

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"


RELEASES = {
    release.name: release
    for release in (
        Release(
            "prometheus",
            "3.16.0",
            {
                "promtool": "github.com/prometheus/prometheus/cmd/promtool",
                "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
            },
            "install",
            "v0.316.0",
        ),
        Release(
            "loki",
            "3.7.8",
            {"loki": "github.com/grafana/loki/v3/cmd/loki"},
            "module",
            "github.com/grafana/loki/v3@v3.7.8",
        ),
        Release(
            "otelcol",
            "0.149.0",
            {"otelcol": "go.opentelemetry.io/collector/cmd/builder"},
            "collector",
            "v0.149.0",
        ),
        Release(
            "compose",
            "2.40.3",
            {"docker-compose": "github.com/docker/compose/v2/cmd"},
            "module",
            "github.com/docker/compose/v2@v2.40.3",
        ),
        Release(
            "tempo",
            "3.0.3",
            {"tempo": "github.com/grafana/tempo/cmd/tempo"},
            "none",
            remedy="Tempo is no Go module: put its released binary on PATH",
        ),
        Release(
            "jaeger",
            "2.20.0",
            {"jaeger": "github.com/jaegertracing/jaeger/cmd/jaeger"},
            "none",
            remedy="Jaeger is no Go module: put its released binary on PATH",
        ),
        Release(
            "postgresql",
            "17",
            {"postgres": "", "initdb": "", "pg_isready": ""},
            "none",
            remedy="install your system's package, on Debian: apt-get install postgresql",
        ),
    )
}
