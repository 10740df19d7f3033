"""The drills' words: what is done, and what should be seen; docs/runbook.md has the same words."""

from sightline.proof.drill.story import Story

SLOW_DB = Story(
    "slow-db",
    "the database is slow",
    "Every transaction waits a second for its first statement, while forty customers buy.",
    "*Service → p95 now* climbs over two seconds and *Errors per handler* stays flat: it is "
    "slow, not broken. Checkouts come in faster than they end. In the trace of one the longest "
    "span without children is a database span.",
)
PAYMENT_DECLINED = Story(
    "payment-declined",
    "payments are declined",
    "Every payment goes out with a card that is declined.",
    "*Business → Payments without an order* climbs to 100 %, *5xx now* stays at 0: HTTP is "
    "healthy, the shop is not. In the trace `payment.process` is red, and its exception says "
    "card_declined.",
)
PAYMENT_DOWN = Story(
    "payment-down",
    "the payment service is down",
    "Payments go to an address where nothing listens.",
    "*Business → Payments without an order* climbs to 100 %, and checkouts answer 503. In the "
    "trace the call to payments is red with a ConnectError, and no span of payments hangs "
    "below it.",
)
ERRORS = Story(
    "errors",
    "requests fail",
    "One in five requests for orders ends in an unhandled exception.",
    "*Service → 5xx now* climbs to 20 %, over all handlers alike: it is the service itself, "
    "not one path. In the trace the server span is red, and its exception has the stack.",
)
TRAFFIC_SPIKE = Story(
    "traffic-spike",
    "a spike of traffic",
    "Forty customers buy at once and without a pause, with cards whose issuer takes 1.2 s.",
    "*Business → Checkouts in progress* climbs over 20 and stays there, while every one of "
    "them succeeds. In the trace of a checkout payments' own span takes nearly all the time.",
)
COLLECTOR_DOWN = Story(
    "collector-down",
    "the Collector is down",
    "The Collector is stopped; services go on.",
    "*Telemetry health → Who answers* shows otel-collector at 0, and logs and traces end. No "
    "request fails: spans and lines wait in the services. Started again, it gets them all.",
)
STORE_DOWN = Story(
    "store-down",
    "a store is down",
    "Loki is stopped; the Collector and the services go on.",
    "*Telemetry health → Sent by the Collector* falls to 0 for log records, while spans go "
    "on: one store is away, not the Collector. Started again, Loki gets every line that "
    "waited.",
)
VIEWER_DOWN = Story(
    "store-down",
    "the viewer is down",
    "The viewer is halted; services go on.",
    "No page, no query, no alert: the viewer is endpoint, store and rules in one. No request "
    "fails: what the services have to tell waits in them, and their own /metrics says so. "
    "Going on, it gets all of it, and *Service → Requests per second* has a gap.",
)
SECRET = Story(
    "secret-in-log",
    "a secret in a log line",
    "A card number is asked for as an order's id, and a program that hides nothing logs a "
    "card, a token and a password.",
    "In the lines, and in the trace, stands `[REDACTED]` or `****` where they were. Orders "
    "hides its own; what others send is hidden by the Collector, or by the viewer.",
)
