"""What is sold: products 1 to 5, their prices in minor units, and how much lies in stock."""

from dataclasses import dataclass

FULL_STOCK = 10_000
LOW_STOCK = 5_000


@dataclass(frozen=True)
class Product:
    id: int
    name: str
    prices: dict[str, int]


PRODUCTS = (
    Product(1, "Pocket telescope", {"EUR": 1999, "USD": 2199, "GBP": 1749, "JPY": 3200}),
    Product(2, "Brass sextant", {"EUR": 14900, "USD": 15900, "GBP": 12900, "JPY": 24000}),
    Product(3, "Star chart", {"EUR": 850, "USD": 900, "GBP": 750, "JPY": 1400}),
    Product(4, "Marine compass", {"EUR": 4550, "USD": 4900, "GBP": 3990, "JPY": 7300}),
    Product(5, "Signal lantern", {"EUR": 7200, "USD": 7800, "GBP": 6300, "JPY": 11500}),
)
