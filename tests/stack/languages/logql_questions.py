"""LogQL to ask of both: chosen by hand, and drawn at random from the viewer's own subset."""

import random

BY_HAND = (
    '{service_name="orders"}',
    '{service_name=~".+"} |= "order"',
    '{service_name=~"orders|payments", deployment_environment_name!="prod"} != "order"',
    '{service_name="orders"} |~ "(?i)refused|FAILED"',
    '{service_name="orders"} !~ "^[a-z.]+$"',
    '{service_name="orders"} |= "created" or "failed"',
    '{service_name="orders"} |= `“quotes”`',
    '{service_name="orders"} | detected_level="error"',
    '{service_name="orders"} | trace_id!=""',
    '{service_name="orders"} | http_route="/orders/{order_id}" | status=404',
    '{service_name="orders"} | status>=404 and (duration_ms<100 or duration_ms>=900)',
    '{service_name="orders"} | took>1s',
    '{service_name="orders"} | took<=1500ms, sent>5KB',
    '{service_name="orders"} | retried="true" | drop retried, host_name',
    '{service_name="orders"} | keep service_name, status',
    '{service_name="orders"} | json | __error__=""',
    '{service_name="orders"} |= "{" | json | payment_amount>500',
    '{service_name="orders"} |= "{" | json | status_extracted="late" | order_id<=10',
    '{service_name="orders"} |= "msg=" | logfmt | region=~"eu.*" and order_id>40',
    '{service_name="orders"} |= "msg=" | logfmt | msg="Charge REFUSED"',
    'count_over_time({service_name="orders"}[1m])',
    "sum(count_over_time({service_name=~`.+`}[2m]))",
    'sum by (detected_level) (rate({service_name=~".+"}[3m]))',
    'sum by (http_route, service_name) (count_over_time({service_name=~".+"} | status=500 [5m]))',
    'sum without (trace_id, span_id, took, sent, duration_ms) (rate({service_name="orders"}[5m]))',
    'topk(2, sum by (http_route) (count_over_time({service_name="orders"}[5m])))',
    'bottomk(1, sum by (status) (count_over_time({service_name="orders"}[5m])))',
    'sum by (region) (count_over_time({service_name="orders"} |= "msg=" | logfmt [4m] offset 2m))',
    'sum by (payment_card) (count_over_time({service_name="orders"} | json | __error__="" [5m]))',
    'sum(bytes_over_time({service_name="orders"} | json | __error__="" | keep region [5m]))',
    'sum(rate({service_name="orders"} |= "failed" [5m])) / sum(rate({service_name="orders"}[5m]))',
    '100 * sum(count_over_time({service_name="orders"}[1m])) > bool 400',
    'avg(sum by (status) (count_over_time({service_name="orders"}[5m]))) + 1',
    'max by (status) (count_over_time({service_name="orders"} | keep status [5m])) >= 2',
    "1 + 2 * 3 ^ 2",
    # Refused by both.
    "{}",
    '{service_name=~".*"}',
    '{service_name="orders"} | status >',
    'sum(count_over_time({service_name="orders"} | json [5m]))',
    'count_over_time({service_name="orders"})',
    '{service_name="orders"} |~ "("',
)

SELECTORS = (
    '{service_name="orders"}',
    '{service_name="payments"}',
    '{service_name=~"orders|payments"}',
    '{service_name=~".+", deployment_environment_name="prod"}',
    '{service_namespace="sightline", service_name!="payments"}',
    '{deployment_environment_name=~"d.v"}',
)
LINE_FILTERS = (
    '|= "order"',
    '|= "failed" or "REFUSED"',
    '!= "http"',
    '|~ "order.(created|id)"',
    '!~ "^http[.]"',
    '|= "eu-west-1"',
)
FIELDS = (
    'detected_level="error"',
    'detected_level!="info"',
    'http_route=~"/orders.*"',
    'http_route!~".*[{].*"',
    "status>=404",
    "status!=200",
    "duration_ms<250.5",
    "duration_ms>=700",
    "took>100ms",
    "took<=1.5s",
    "sent<1MB",
    'trace_id=""',
    'retried="true"',
    'missing=""',
    "missing>1",
)
PARSED = {
    '|= "{" | json': ('region="eu-west-1"', "order_id>25", 'payment_card!="visa"', "order_id<=9"),
    '|= "msg=" | logfmt': ('status_extracted="ok"', "order_id==7", 'region=~"us.*"', 'msg!=""'),
}
BY = ("detected_level", "http_route", "status", "service_name", "deployment_environment_name")


def drawn(seed: int, number: int) -> list[str]:
    dice = random.Random(seed)
    return [dice.choice((_lines, _metric, _metric))(dice) for _ in range(number)]


def _lines(dice: random.Random) -> str:
    parts = [dice.choice(SELECTORS)]
    parts += dice.sample(LINE_FILTERS, dice.randrange(3))
    if dice.random() < 0.6:
        parts.append(f"| {_fields(dice, FIELDS)}")
    if dice.random() < 0.4:
        parser = dice.choice(list(PARSED))
        parts += [parser, f"| {_fields(dice, PARSED[parser])}"]
    if dice.random() < 0.2:
        verb = dice.choice(("drop", "keep"))
        parts.append(f"| {verb} {', '.join(dice.sample(BY, 2))}")
    return " ".join(parts)


def _fields(dice: random.Random, of: tuple[str, ...]) -> str:
    one, other = dice.sample(of, 2)
    return dice.choice((one, f"{one} and {other}", f"({one} or {other})", f"{one}, {other}"))


def _metric(dice: random.Random) -> str:
    summed = _summed(dice)
    if dice.random() < 0.2:
        return (
            f"{summed} {dice.choice(('>', '<=', '*', '-', '== bool', '%'))} {dice.choice((2, 3.5))}"
        )
    if dice.random() < 0.2:
        return f"{dice.choice(('topk', 'bottomk'))}({dice.choice((1, 3))}, {summed})"
    return summed


def _summed(dice: random.Random) -> str:
    function = dice.choice(("count_over_time", "count_over_time", "rate"))
    offset = dice.choice(("", "", " offset 90s"))
    counted = f"{function}({_lines(dice)} [{dice.choice(('1m', '150s', '5m'))}]{offset})"
    by = ", ".join(dice.sample(BY, dice.choice((1, 2))))
    return f"{dice.choice(('sum', 'sum', 'avg', 'max', 'count'))} by ({by}) ({counted})"
