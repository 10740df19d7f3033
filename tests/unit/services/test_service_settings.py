"""A setting that cannot be used is named, with its value and what to give instead."""

import logging

import pytest

from orders.settings import SettingError as OrdersSettingError
from orders.settings import Settings as OrdersSettings
from payments.settings import SettingError as PaymentsSettingError
from payments.settings import Settings as PaymentsSettings


def test_nothing_needs_to_be_set() -> None:
    assert OrdersSettings.from_environment({}) == OrdersSettings()
    assert PaymentsSettings.from_environment({}) == PaymentsSettings()


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite"),
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
    ],
)
def test_the_driver_of_a_database_need_not_be_named(given: str, driver: str) -> None:
    settings = OrdersSettings.from_environment({"DATABASE_URL": given})
    assert settings.database_url.drivername == driver


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "nonsense", "cannot be read"),
        ("DATABASE_URL", "mysql://h/d", "'mysql'"),
        ("DATABASE_URL", "sqlite://", "names no file"),
        ("PAYMENTS_URL", "payments", "'payments' is no web address"),
        ("PAYMENTS_URL", "http://h:99999", "is no web address"),
        ("PAYMENTS_TIMEOUT_SECONDS", "soon", "'soon' is not usable"),
        ("PAYMENTS_TIMEOUT_SECONDS", "nan", "'nan' is not usable"),
        ("PAYMENTS_ATTEMPTS", "1.5", "a whole number"),
        ("PAYMENTS_ATTEMPTS", "0", "above 0"),
        ("ORDERS_KEEP_DAYS", "0", "above 0"),
        ("SIGHTLINE_FAULTS", "maybe", "neither on nor off"),
    ],
)
def test_orders_names_what_it_cannot_use(name: str, value: str, said: str) -> None:
    with pytest.raises(OrdersSettingError, match=said) as refused:
        OrdersSettings.from_environment({name: value})
    assert name in str(refused.value)


def test_a_database_password_is_not_repeated() -> None:
    with pytest.raises(OrdersSettingError) as refused:
        OrdersSettings.from_environment({"DATABASE_URL": "mysql://ada:hunter2@h/d"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("level", ["debug", "DEBUG", "Debug"])
def test_a_log_level_is_taken_in_any_case(level: str) -> None:
    assert PaymentsSettings.from_environment({"LOG_LEVEL": level}).log_level == logging.DEBUG


def test_payments_names_a_level_that_is_none() -> None:
    with pytest.raises(PaymentsSettingError, match="LOG_LEVEL='loud'"):
        PaymentsSettings.from_environment({"LOG_LEVEL": "loud"})


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "9999"])
def test_payments_names_a_number_of_days_that_is_none(value: str) -> None:
    with pytest.raises(PaymentsSettingError, match=f"PAYMENTS_KEEP_DAYS='{value}'"):
        PaymentsSettings.from_environment({"PAYMENTS_KEEP_DAYS": value})
