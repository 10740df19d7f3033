"""What crosses the wire: an order as asked for, as kept, and what answers when it cannot be."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

# Minor units per unit of each currency orders are priced in.
MINOR_UNITS = {"EUR": 100, "USD": 100, "GBP": 100, "JPY": 1}


class Currency(StrEnum):
    EUR = "EUR"
    USD = "USD"
    GBP = "GBP"
    JPY = "JPY"


class PaymentMethod(StrEnum):
    CARD = "card"
    PAYPAL = "paypal"
    BANK_TRANSFER = "bank_transfer"


class Status(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    FAILED = "failed"


# No control characters, no spaces, one @: what a mail header can carry unharmed.
Email = Annotated[
    str,
    StringConstraints(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f<>]+@[^@\s\x00-\x1f\x7f<>]+$"),
]


class OrderRequest(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "product_id": 1,
                    "quantity": 2,
                    "payment_method": "card",
                    "currency": "EUR",
                    "user_email": "ada@example.com",
                }
            ]
        }
    )

    product_id: int = Field(gt=0, lt=2**31)
    quantity: int = Field(gt=0, le=100_000)
    payment_method: PaymentMethod
    currency: Currency
    user_email: Email
    card_number: SecretStr | None = Field(
        default=None,
        min_length=12,
        max_length=23,
        description="Handed to payments, never kept. Sandbox: 4000000000000002 is declined.",
    )


class Order(BaseModel):
    order_id: int
    status: Status
    product_id: int
    quantity: int
    amount: Decimal = Field(description="In the currency's own unit, with its decimals")
    currency: Currency
    payment_method: PaymentMethod
    user_email: str = Field(description="Masked")
    charge_id: str | None
    failure: str | None = Field(description="Why an order was declined or failed")
    created_at: datetime
    updated_at: datetime


class OrderPage(BaseModel):
    orders: list[Order]
    next_before: int | None = Field(
        description="Give as `before` for the next page; null at the end"
    )


class Problem(BaseModel):
    """What went wrong (`code`, for programs), said for people, with what to do about it."""

    code: str
    message: str
    remedy: str
    order_id: int | None = None
    reason: str | None = None
    errors: list[dict[str, Any]] | None = None


class Health(BaseModel):
    status: str
    database: str


def major(amount_minor: int, currency: str) -> Decimal:
    """1999 in EUR is 19.99, in JPY 1999."""
    units = MINOR_UNITS[currency]
    return (Decimal(amount_minor) / units).quantize(Decimal(1) / units)


def masked(email: str) -> str:
    """Enough to recognise one's own address, not enough to learn another's."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}***@{domain}"
