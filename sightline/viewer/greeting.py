"""What `sightline view` prints once it listens."""

import ipaddress
import sys
from urllib.parse import quote

from sightline.viewer.config import Settings, variable


def greeting(settings: Settings, set_aside: str, seconds: float) -> str:
    lines = [
        f"Sightline: {_link(settings)}   (ready in {seconds:.1f} s)",
        f"  OTLP: http {settings.otlp_http_port}, grpc {settings.otlp_grpc_port}",
        f"  data: {settings.data or 'in memory'}",
    ]
    if settings.file:
        lines.append(f"  settings: {settings.file}")
    if settings.dashboards:
        lines.append(f"  your dashboards: {settings.dashboards}")
    if settings.host != "localhost" and ipaddress.ip_address(settings.host).is_unspecified:
        lines.append("  listening on every address of this machine, in plain text")
    lines += [f"  scraping {target.job}: {target.url}" for target in settings.targets]
    if set_aside:
        lines.append(f"  note: {set_aside}")
    return "\n".join(lines)


def page_url(settings: Settings) -> str:
    """Where the page is, as seen from this machine."""
    return f"http://{own_host(settings)}:{settings.port}"


def own_host(settings: Settings) -> str:
    """As an URL on this machine has it: who listens at every address is asked for at loopback."""
    host = settings.host
    if host != "localhost":
        address = ipaddress.ip_address(host)
        if address.is_unspecified:
            host = "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004 — IP's versions
    return f"[{host}]" if ":" in host else host


def _link(settings: Settings) -> str:
    if not settings.token:
        return page_url(settings)
    if sys.stdout.isatty():
        return f"{page_url(settings)}/?token={quote(settings.token, safe='')}"
    # What is not a terminal may be a log, where no secret belongs.
    return f"{page_url(settings)}/?token=…, the token being what {variable('token')} says"
