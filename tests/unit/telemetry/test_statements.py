"""A statement's name is what it does to which table, and holds nothing of its values."""

import pytest

from sightline.telemetry.statements import operation_and_table


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("SELECT orders.id \nFROM orders \nWHERE orders.id = ?", ("SELECT", "orders")),
        ("select 1", ("SELECT", None)),
        ('INSERT INTO "orders" (id) VALUES (?)', ("INSERT", "orders")),
        ("INSERT OR REPLACE INTO shop.orders VALUES (1)", ("INSERT", "shop.orders")),
        ('UPDATE "shop"."orders" SET a = ?', ("UPDATE", "shop.orders")),
        ("UPDATE OR IGNORE orders SET a = 1", ("UPDATE", "orders")),
        ("SELECT 1 FROM orders FOR UPDATE", ("SELECT", "orders")),
        ("DELETE FROM ONLY orders", ("DELETE", "orders")),
        ("/* of the shop */ SELECT a FROM `orders`", ("SELECT", "orders")),
        ("-- FROM nowhere\nSELECT a FROM [dbo].[orders]", ("SELECT", "dbo.orders")),
        ("SELECT EXTRACT(YEAR FROM created_at) FROM orders", ("SELECT", "orders")),
        ("SELECT a IS DISTINCT FROM b FROM orders", ("SELECT", "orders")),
        ("SELECT * FROM (SELECT a FROM orders) AS o", ("SELECT", "orders")),
        ("WITH o AS (SELECT 1) SELECT * FROM o", ("WITH", None)),
        ("PRAGMA main.table_info('orders')", ("PRAGMA", None)),
        ("  ", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_statement_is_named_by_operation_and_table(
    statement: str, name: tuple[str | None, str | None]
) -> None:
    assert operation_and_table(statement) == name


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'from hunter2'",
        "SELECT 'it''s from hunter2' FROM orders",
        "SELECT 'from hunter2",
        "SELECT 1 -- FROM hunter2",
        "SELECT 1 /* FROM hunter2 */",
    ],
)
def test_no_literal_or_comment_gets_into_a_name(statement: str) -> None:
    assert "hunter2" not in str(operation_and_table(statement))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("statement", "operation"),
    [
        ("SELECT " + "(" * 100_000, "SELECT"),
        ("SELECT '" + "''" * 50_000, "SELECT"),
        ("UPDATE " * 20_000, "UPDATE"),
        ("/*" * 50_000, None),
    ],
)
def test_a_statement_made_to_be_slow_is_not(statement: str, operation: str | None) -> None:
    assert operation_and_table(statement)[0] == operation
