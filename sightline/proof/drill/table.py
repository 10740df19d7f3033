"""The drills of the stack and of the viewer: the fault, the load, and what they must show."""

from functools import partial

from sightline.proof.drill import away, leak, stories, watch
from sightline.proof.drill.culprit import Suspect, failed, slow
from sightline.proof.drill.faults import Container, Nothing, Switch
from sightline.proof.drill.scene import Scene
from sightline.proof.drill.story import (
    Drill,
    Elsewhere,
    Expectation,
    ExpectedAlert,
    ExpectedPanel,
    Load,
    Story,
)

_MINUTE = 60
_CREATED, _DECLINED, _SERVER_ERROR = 201, 402, 500
_SLOW_SECONDS = 0.9
_SLOW_CARD = "4000000000003063"  # of payments' sandbox: its issuer takes 1.2 s
_OF_ORDERS = {"service_name": "orders"}
_READERS = Load(customers=20, rate=15, buying=5)
_BUYERS = Load(customers=10, rate=4, buying=100)
# What went well after a fault makes the share of what failed small again.
_MANY_READERS = Load(customers=8, rate=100)
_MANY_BUYERS = Load(customers=8, rate=20, buying=100)
_FEW_READERS = Load(customers=2, rate=2)
_NO_PAYMENT = partial(
    Expectation,
    alert=ExpectedAlert("PaymentsFail", _OF_ORDERS),
    panel=ExpectedPanel("business", "Payments without an order", passes=30, unit=" %"),
    load=_BUYERS,
    recovery=_MANY_BUYERS,
)


_WATCHED = (
    (
        stories.SLOW_DB,
        8 * _MINUTE,
        Expectation(
            fault=lambda scene: _switch(scene, "slow-db", delay_seconds=1.0),
            alert=ExpectedAlert("CheckoutsPileUp", _OF_ORDERS),
            panel=ExpectedPanel("service", "p95 now", passes=1.5, unit=" s"),
            load=Load(customers=40, buying=100),
            recovery=_FEW_READERS,
            suspect=Suspect(
                victim=lambda sent: sent.status == _CREATED and sent.seconds > _SLOW_SECONDS,
                find=slow,
                guilty=lambda found: (
                    found.seconds > _SLOW_SECONDS and "db.query.text" in found.attributes
                ),
            ),
        ),
    ),
    (
        stories.PAYMENT_DECLINED,
        10 * _MINUTE,
        _NO_PAYMENT(
            fault=lambda scene: _switch(scene, "payment-declined"),
            suspect=Suspect(
                victim=lambda sent: sent.status == _DECLINED,
                find=failed,
                guilty=lambda found: (
                    found.name == "payment.process"
                    and found.exception.endswith("PaymentDeclinedError")
                ),
            ),
        ),
    ),
    (
        stories.ERRORS,
        25 * _MINUTE,
        Expectation(
            fault=lambda scene: _switch(scene, "errors", ratio=0.2),
            alert=ExpectedAlert("AvailabilityBudgetBurnsFast", _OF_ORDERS),
            panel=ExpectedPanel("service", "5xx now", passes=10, unit=" %"),
            load=_READERS,
            recovery=_MANY_READERS,
            suspect=Suspect(
                victim=lambda sent: sent.status == _SERVER_ERROR,
                find=failed,
                guilty=lambda found: (
                    found.service == "orders" and found.exception.endswith("InjectedError")
                ),
            ),
            grows=True,
        ),
    ),
    (
        stories.PAYMENT_DOWN,
        10 * _MINUTE,
        _NO_PAYMENT(
            fault=lambda scene: _switch(scene, "payment-down"),
            suspect=Suspect(
                victim=lambda sent: sent.method == "POST" and sent.status > _SERVER_ERROR,
                find=failed,
                guilty=lambda found: (
                    found.service == "orders" and found.exception.endswith("ConnectError")
                ),
            ),
        ),
    ),
    (
        stories.TRAFFIC_SPIKE,
        8 * _MINUTE,
        Expectation(
            fault=lambda _: Nothing(),
            alert=ExpectedAlert("CheckoutsPileUp", _OF_ORDERS),
            panel=ExpectedPanel("business", "Checkouts in progress", passes=20),
            load=Load(customers=40, buying=100, card=_SLOW_CARD),
            recovery=_FEW_READERS,
            suspect=Suspect(
                victim=lambda sent: sent.status == _CREATED,
                find=slow,
                guilty=lambda found: found.seconds > _SLOW_SECONDS and found.service == "payments",
            ),
        ),
    ),
)

_OF_THE_STACK = (
    (
        stories.COLLECTOR_DOWN,
        8 * _MINUTE,
        Expectation(
            fault=lambda scene: _container(scene, "otel-collector"),
            alert=ExpectedAlert("TargetDown", {"job": "otel-collector"}),
            panel=ExpectedPanel(
                "telemetry-health", "Who answers", passes=1, series="otel-collector", falls=True
            ),
            load=_FEW_READERS,
            recovery=_FEW_READERS,
        ),
    ),
    (
        stories.STORE_DOWN,
        8 * _MINUTE,
        Expectation(
            fault=lambda scene: _container(scene, "loki"),
            alert=ExpectedAlert("CollectorExporterStuck", {"exporter": "otlp_http/logs"}),
            panel=ExpectedPanel(
                "telemetry-health",
                "Sent by the Collector",
                passes=0.001,
                unit="/s",
                ref="log_records",
                series="log records",
                falls=True,
            ),
            load=_FEW_READERS,
            recovery=_FEW_READERS,
        ),
    ),
)
_SECRET = Drill(
    stories.SECRET, 2 * _MINUTE, "none: a secret that is hidden alerts nobody", leak.play
)


def drills(*, viewer: bool) -> list[Drill | Elsewhere]:
    """In an order in which none needs what one before it has stirred up."""
    watched: list[Drill | Elsewhere] = [_watched(*one) for one in _WATCHED]
    pipeline = _for_viewer() if viewer else [_watched(*one) for one in _OF_THE_STACK]
    return [*watched, *pipeline, _SECRET]


def _for_viewer() -> list[Drill | Elsewhere]:
    reason = (
        "the viewer is endpoint and store in one, and no Collector stands before it: store-down "
        "takes both away"
    )
    alert = "none: the rules stand still with the viewer"
    return [
        Elsewhere(stories.COLLECTOR_DOWN, reason),
        Drill(stories.VIEWER_DOWN, 4 * _MINUTE, alert, away.play),
    ]


def _watched(story: Story, seconds: int, expected: Expectation) -> Drill:
    return Drill(story, seconds, expected.alert.name, partial(watch.play, expected))


def _switch(scene: Scene, name: str, **settings: float) -> Switch:
    return Switch(scene.places.orders, name, settings)


def _container(scene: Scene, service: str) -> Container:
    return Container(service, scene.settings.get("COMPOSE_PROJECT_NAME") or "sightline")
