"""The books, in SQLite by way of SQLAlchemy; the engine is made when the module is imported."""

from pathlib import Path

from sqlalchemy import create_engine, text

engine = create_engine(f"sqlite:///{Path('books.db').absolute()}")
TITLES = ("Emma", "Middlemarch", "Kim", "Ulysses")


class Shelves:
    def count(self) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM books")).scalar_one())

    def titles(self) -> list[str]:
        with engine.connect() as connection:
            return list(connection.execute(text("SELECT title FROM books ORDER BY id")).scalars())

    def title(self, book_id: int) -> str | None:
        found = text("SELECT title FROM books WHERE id = :id")
        with engine.connect() as connection:
            title: str | None = connection.execute(found, {"id": book_id}).scalar()
        return title

    def close(self) -> None:
        engine.dispose()


def open_shelves() -> Shelves:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS books (id INTEGER, title TEXT)"))
        if connection.execute(text("SELECT count(*) FROM books")).scalar_one() == 0:
            added = text("INSERT INTO books VALUES (:id, :title)")
            rows = [{"id": n, "title": title} for n, title in enumerate(TITLES, 1)]
            connection.execute(added, rows)
    return Shelves()
