"""The rules of a charge: what may be charged, what is declined, and what a sandbox card does.

Nothing here is random: the same request always has the same outcome.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, StringConstraints

Currency = Literal["EUR", "USD", "GBP", "JPY"]
PaymentMethod = Literal["card", "paypal", "bank_transfer"]
Status = Literal["succeeded", "declined", "refunded", "voided"]

IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$")]

# Above these amounts, in minor units, every charge is declined with `amount_limit`.
AMOUNT_LIMITS: dict[str, int] = {
    "EUR": 1_000_000,
    "USD": 1_000_000,
    "GBP": 1_000_000,
    "JPY": 150_000_000,
}

# Sandbox cards in the manner of real providers; any other number is accepted.
DECLINED_CARDS = {
    "4000000000000002": "card_declined",
    "4000000000009995": "insufficient_funds",
    "4000000000000069": "expired_card",
}
# Issuers that take their time, in seconds; the second outlasts orders' patience.
SLOW_CARDS = {"4000000000003063": 1.2, "4000000000003220": 10.0}


class ChargeRequest(BaseModel):
    amount_minor: int = Field(gt=0, le=10**12, description="Amount in the currency's minor unit")
    currency: Currency
    payment_method: PaymentMethod
    card_number: SecretStr | None = Field(
        default=None,
        min_length=12,
        max_length=23,
        description=f"Sandbox: {', '.join(DECLINED_CARDS)} decline, {', '.join(SLOW_CARDS)} wait",
    )

    def digits(self) -> str:
        if self.card_number is None:
            return ""
        return "".join(c for c in self.card_number.get_secret_value() if c.isdigit())

    def fingerprint(self) -> str:
        """What must be equal when an idempotency key is used again; never the card's number."""
        return f"{self.amount_minor}:{self.currency}:{self.payment_method}:{self.digits()[-4:]}"


class Charge(BaseModel):
    charge_id: str
    idempotency_key: str
    status: Status
    amount_minor: int | None = Field(description="Absent where a key was voided before its charge")
    currency: Currency | None
    payment_method: PaymentMethod | None
    card_last4: str | None
    decline_code: str | None
    created_at: datetime


def decline_code(request: ChargeRequest) -> str | None:
    if code := DECLINED_CARDS.get(request.digits()):
        return code
    if request.amount_minor > AMOUNT_LIMITS[request.currency]:
        return "amount_limit"
    return None


def issuer_seconds(request: ChargeRequest) -> float:
    return SLOW_CARDS.get(request.digits(), 0.0)
