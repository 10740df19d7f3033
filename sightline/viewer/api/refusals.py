"""Why a question is not answered, in the plain text that Loki and Tempo refuse with."""

from collections.abc import Callable
from typing import TypeVar

import duckdb
from starlette.responses import PlainTextResponse, Response

from sightline.viewer.grammar import TOO_DEEP
from sightline.viewer.store.reader import OUT_OF_MEMORY, QueryTimeout

T = TypeVar("T")


def answer_or_refusal(answer: Callable[[], T], *bad: type[Exception]) -> T | Response:
    """`bad` are the errors of who asked: 400; 503 and 504 are those of what was asked for."""
    try:
        return answer()
    except bad as error:
        return PlainTextResponse(str(error), 400)
    except RecursionError:
        return PlainTextResponse(TOO_DEEP, 400)
    except QueryTimeout as late:
        return PlainTextResponse(str(late), 504)
    except duckdb.OutOfMemoryException:
        return PlainTextResponse(OUT_OF_MEMORY, 503)
