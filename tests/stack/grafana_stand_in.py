"""Grafana's published HTTP API over the real stores, since Grafana itself cannot be built here.

Only what doctor asks: health, data sources and their health, queries, dashboards. It checks and
asks the real Prometheus, Loki and Tempo for each answer, so what it says is true or not by them.
"""

import json
import re
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

import yaml
from composed import ROOT

READY = {"prometheus": "/-/ready", "loki": "/ready", "tempo": "/ready"}
ASKED = {
    "prometheus": "/api/v1/query?",
    "loki": "/loki/api/v1/query_range?",
    "tempo": "/api/traces/",
}


@dataclass
class GrafanaStandIn:
    addresses: dict[str, str]  # of the real stores, by uid
    database: str = "ok"
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """As provisioned."""
        self.database = "ok"
        self.sources = {uid: _provisioned(uid) | {"url": at} for uid, at in self.addresses.items()}
        boards = (
            json.loads(path.read_text())
            for path in (ROOT / "grafana" / "dashboards").glob("*.json")
        )
        self.boards = {board["uid"]: board for board in boards}

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/api/health":
            status = 200 if self.database == "ok" else 503
            return status, {"commit": "", "database": self.database, "version": "13.2.3"}
        if match := re.fullmatch(r"/api/datasources/uid/([\w-]+)(/health)?", path):
            return self._source(match[1], health=bool(match[2]))
        if match := re.fullmatch(r"/api/dashboards/uid/([\w-]+)", path):
            if match[1] in self.boards:
                return 200, {"meta": {"provisioned": True}, "dashboard": self.boards[match[1]]}
            return 404, {"message": "Dashboard not found"}
        return 404, {"message": "Not found"}

    def _source(self, uid: str, *, health: bool) -> tuple[int, Any]:
        if uid not in self.sources:
            return 404, {"message": "Data source not found"}
        if not health:
            return 200, {"uid": uid, "jsonData": self.sources[uid]["jsonData"]}
        url = self.sources[uid]["url"]
        try:
            urllib.request.urlopen(url + READY[uid], timeout=3).close()
        except OSError as error:
            return 400, {"status": "ERROR", "message": f"cannot connect to {uid}: {error}"}
        return 200, {"status": "OK", "message": "Data source successfully connected."}

    def query(self, asked: dict[str, Any]) -> tuple[int, Any]:
        query = asked["queries"][0]
        uid = query["datasource"]["uid"]
        url = self.sources[uid]["url"] + ASKED[uid]
        if uid == "tempo":
            assert query["queryType"] == "traceId"
            url += query["query"]
        else:
            nanoseconds = {
                "start": asked["from"] + "000000",
                "end": asked["to"] + "000000",
            }
            url += urlencode({"query": query["expr"]} | (nanoseconds if uid == "loki" else {}))
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            return 200, {"results": {"A": {"status": error.code, "error": error.read().decode()}}}
        rows = found["batches"] if uid == "tempo" else found["data"]["result"]
        frames = [{"schema": {"refId": "A"}, "data": {"values": [[str(row)]]}} for row in rows]
        return 200, {"results": {"A": {"status": 200, "frames": frames}}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(*stand_in.get(self.path))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(*stand_in.query(body))

            def _answer(self, status: int, body: Any) -> None:
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """What is asked of it is no news."""

        return Handler


def _provisioned(uid: str) -> dict[str, Any]:
    """`$$` and `$TRACE_STORE` expanded as Grafana does."""
    path = ROOT / "grafana" / "provisioning" / "datasources" / f"{uid}.yml"
    text = path.read_text().replace("$$", "\0").replace("$TRACE_STORE", "tempo").replace("\0", "$")
    found: dict[str, Any] = yaml.safe_load(text)["datasources"][0]
    return found
