"""TraceQL to ask of both: chosen by hand, and drawn at random from the viewer's own subset."""

import random

BY_HAND = (
    "{ }",
    '{ resource.service.name = "orders" }',
    '{ name = "charge" && status = error }',
    '{ statusMessage = "no stock left" }',
    '{ statusMessage =~ "no .*" && kind = server }',
    "{ kind = consumer || kind = producer }",
    "{ duration > 500ms }",
    "{ duration <= 20ms && span.status_code = 404 }",
    "{ traceDuration >= 1.5s }",
    '{ rootName = "charge" }',
    '{ rootServiceName =~ "orders|mailer" && name != "charge" }',
    '{ trace:rootService = "mailer" && span:status = error }',
    '{ .http.route = "/orders/{order_id}" }',
    '{ span.http.route !~ "/orders.*" }',
    '{ span."db system" = "sqlite" }',
    "{ span.status_code > 200 && span.status_code < 500 }",
    "{ span.share = 3.0 }",
    "{ span.share < 0 }",
    "{ span.cached = true }",
    "{ span.cached != true }",
    '{ .replicas = "3" }',
    "{ resource.replicas = 6 }",
    '{ span.tags = "paid" }',
    "{ span.share != nil }",
    '{ (name = "charge" || name = "GET /orders") && duration > 100ms }',
    "{ status = error || status = ok && kind = client }",
    '{ resource.service.name = "orders" } && { resource.service.name = "payments" }',
    "{ status = error } || { duration > 1s }",
    "{ kind = server } >> { status = error }",
    "{ kind = server } > { kind = client }",
    "{ status = error } << { kind = internal }",
    "{ status = error } < { kind = internal }",
    '{ name = "charge" } ~ { name = "GET /orders" }',
    "({ kind = server } || { kind = client }) >> { status = error }",
    "{ status = error } | count() > 1",
    "{ } | count() >= 8",
    "{ kind = server } | avg(duration) > 300ms",
    "{ } | max(duration) < 100ms",
    "{ } | min(duration) >= 50ms",
    "{ status = ok } | sum(duration) > 1s",
    "{ duration > 10ms } | { status = error } | count() = 1",
    '{ resource.service.name = "orders" } | select(span.http.route, resource.replicas)',
    # Refused by both.
    "{ name = }",
    "{ status = broken }",
    "{ nothing > 3 }",
    "{ } | count()",
)

CONDITIONS = (
    'resource.service.name = "orders"',
    'resource.service.name != "mailer"',
    'resource.deployment.environment.name = "prod"',
    "status = error",
    "status != unset",
    "kind = server",
    "kind != internal",
    'name =~ ".*orders"',
    'name != "charge"',
    "duration > 200ms",
    "duration <= 75ms",
    "traceDuration < 1s",
    'rootServiceName = "payments"',
    'rootName =~ "GET.*|charge"',
    'span.http.route = "/checkout"',
    "span.status_code >= 404",
    ".status_code != 200",
    "span.share > 0.2",
    "span.cached = false",
    'span.tags = "new"',
    "resource.replicas > 6",
    'span."db system" =~ "post.+"',
)
RELATIONS = (">>", "<<", ">", "<", "~", "&&", "||")
STAGES = (
    "count() > 1",
    "count() <= 2",
    "avg(duration) > 150ms",
    "max(duration) >= 400ms",
    "min(duration) < 30ms",
    "sum(duration) > 900ms",
)


def drawn(seed: int, number: int) -> list[str]:
    dice = random.Random(seed)
    return [_query(dice) for _ in range(number)]


def _query(dice: random.Random) -> str:
    query = _spanset(dice)
    while dice.random() < 0.4:
        query = f"{_one(query)} {dice.choice(RELATIONS)} {_spanset(dice)}"
    if dice.random() < 0.3:
        query = f"{query} | {dice.choice((*STAGES, _spanset(dice)))}"
    return query


def _one(query: str) -> str:
    return f"({query})" if query.count("{") > 1 else query


def _spanset(dice: random.Random) -> str:
    conditions = dice.sample(CONDITIONS, dice.choice((1, 1, 2, 3)))
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = f"({joined}) {dice.choice(('&&', '||'))} {condition}"
    return f"{{ {joined} }}"
