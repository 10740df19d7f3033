"""What a query language answers to a query it cannot run."""


class QueryError(Exception):
    """The message is for the person who wrote the query, in Loki's words where it has them."""

    @classmethod
    def at(cls, text: str, offset: int, message: str) -> "QueryError":
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        return cls(f"parse error at line {line}, col {column}: {message}")
