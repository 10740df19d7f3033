"""What was sent while the endpoint or a store was away: it waits, and arrives after all."""

from sightline.proof.drill import links
from sightline.proof.drill.stage import Stage
from sightline.proof.drill.traffic import NO_ANSWER, Traffic

_MOST_LINES = 5000


def require_arrived(stage: Stage, traffic: Traffic) -> None:
    """Every answered request has its access line, and the last one its trace."""
    scene, answered = stage.scene, traffic.sent - traffic.unanswered
    query = (
        f'{{service_name="orders"}} |~ "^http.request$" | request_id=~"drill-{traffic.run}-[0-9]+"'
    )
    last = traffic.victims(lambda one: one.status != NO_ANSWER)[0]

    def found() -> int:
        lines = scene.stores.logs(query, stage.began_at - 1, limit=_MOST_LINES)
        return len({line["request_id"] for line in lines})

    def all_there() -> bool:
        stage.facts["lines"] = found()
        return bool(stage.facts["lines"] >= answered and scene.stores.trace(last.trace_id))

    what = f"the lines of all {answered} requests that were answered meanwhile, and the last trace"
    stage.show(all_there, what)
    stage.links["trace"] = links.trace(scene, last.trace_id)
    stage.facts["trace"] = {"id": last.trace_id, "culprit": ""}
    stage.note(
        "trace",
        f"nothing is lost: of {answered} requests answered meanwhile {stage.facts['lines']} "
        f"have their line, and trace {last.trace_id} is there",
    )
