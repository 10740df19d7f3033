"""Rules and alerts as Prometheus' HTTP API tells them."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.api.prometheus import failure, success
from sightline.viewer.api.prometheus_params import Params
from sightline.viewer.promql.errors import BadQueryError, PromqlError, UnsupportedError
from sightline.viewer.rules.alerts import Alert, AlertingRule
from sightline.viewer.rules.figures import scientific
from sightline.viewer.rules.group import Evaluated, Evaluation, Group

Json = dict[str, Any]
NEVER = "0001-01-01T00:00:00Z"
TYPES = {"": "", "alert": "alerting", "record": "recording"}
NOT_YET = ("match[]", "group_limit", "group_next_token")


def routes(groups: Sequence[Group]) -> list[BaseRoute]:
    def serve(handler: Callable[[Params], Json]) -> Callable[..., Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return success(handler(await Params.of(request)), [])
            except PromqlError as error:
                return failure(error.kind, str(error))

        return endpoint

    def rules(params: Params) -> Json:
        return {"groups": _wanted(groups, params)}

    def alerts(_: Params) -> Json:
        alerting = [each.rule for group in groups for each in group.rules]
        found = [a for rule in alerting if isinstance(rule, AlertingRule) for a in rule.alerts]
        return {"alerts": [_alert(each) for each in found]}

    return [Route("/api/v1/rules", serve(rules)), Route("/api/v1/alerts", serve(alerts))]


def _wanted(groups: Sequence[Group], params: Params) -> list[Json]:
    """Groups that still have a rule once it was chosen by type and by name."""
    for name in NOT_YET:
        if params.text(name):
            raise UnsupportedError(f"the parameter {name} of /api/v1/rules")
    if params.text("type") not in TYPES:
        raise BadQueryError(f'not supported value "{params.text("type")}"')
    names, files = set(params.all("rule_name[]")), set(params.all("file[]"))
    group_names, narrowed = set(params.all("rule_group[]")), bool(params.text("type"))
    found = []
    for group in groups:
        if (group_names and group.name not in group_names) or (files and group.file not in files):
            continue
        rules = [_rule(each, params) for each in group.rules]
        kept = [
            rule
            for rule in rules
            if (not names or rule["name"] in names)
            and (not narrowed or rule["type"] == TYPES[params.text("type")])
        ]
        if kept or not (names or narrowed):
            found.append(_group(group, kept))
    return found


def _group(group: Group, rules: list[Json]) -> Json:
    return {
        "name": group.name,
        "file": group.file,
        "rules": rules,
        "interval": _seconds(group.interval_ms),
        "limit": group.limit,
        **_times(group.last),
    }


def _rule(each: Evaluated, params: Params) -> Json:
    rule, last = each.rule, each.last
    common: Json = {"name": rule.rule.name, "query": " ".join(rule.rule.expr.split())}
    health: Json = {"health": last.health, **({"lastError": last.error} if last.error else {})}
    if not isinstance(rule, AlertingRule):
        labels: Json = {"labels": rule.labels}
        return {**common, **labels, **health, **_times(last), "type": "recording"}
    hidden = params.text("exclude_alerts").lower() in {"1", "t", "true"}
    return {
        "state": rule.state.value,
        **common,
        "duration": _seconds(rule.rule.wait),
        "keepFiringFor": _seconds(rule.rule.keep_firing_for),
        "labels": rule.labels,
        "annotations": rule.rule.annotations,
        **({} if hidden else {"alerts": [_alert(alert) for alert in rule.alerts]}),
        **health,
        **_times(last),
        "type": "alerting",
    }


def _alert(alert: Alert) -> Json:
    kept = alert.keep_firing_since_ms
    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "state": alert.state.value,
        "activeAt": _moment(alert.active_at_ms / 1000),
        **({} if kept is None else {"keepFiringSince": _moment(kept / 1000)}),
        "value": scientific(alert.value),
    }


def _times(last: Evaluation) -> Json:
    return {"evaluationTime": last.seconds, "lastEvaluation": _moment(last.at)}


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return NEVER
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _seconds(milliseconds: int) -> float:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000
