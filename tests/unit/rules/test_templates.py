"""Labels and annotations of rules: the text that Prometheus makes of them, or a refusal by name."""

import pytest

from sightline.viewer.rules import figures
from sightline.viewer.rules.templates import BadTemplate, Template

LABELS = {"__name__": "up", "job": "orders"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("{{ $labels.job }} is {{$value}}", "orders is 0.25"),
        ("{{ .Labels.job }} {{ .Value }} {{ $labels.__name__ }}", "orders 0.25 up"),
        ("{{ $labels.unknown }}.", "."),
        ('{{ printf "%.2f" $value }}', "0.25"),
        ('{{ $value | printf "%.1e of %s, %v %%" | printf "%s!" }}', None),
        ('{{ printf "%.1e of %s, %v %%" $value $labels.job $value }}', "2.5e-01 of orders, 0.25 %"),
        ("{{ $value | humanizePercentage }} fail", "25% fail"),
        ("{{ humanizeDuration $value }}", "250ms"),
        ('{{ "}} \\" {{" }} {{ `a | b` }}', '}} " {{ a | b'),
    ],
)
def test_a_template_says_what_prometheus_says(text: str, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(BadTemplate, match="does not fit"):
            Template.parse(text)
    else:
        assert Template.parse(text).expand(LABELS, 0.25) == shown


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{{ query "up" }}', "the function query"),
        ("{{ if $value }}x{{ end }}", "the function if"),
        ("{{ $externalURL }}", r"\$externalURL"),
        ("{{ $labels }}", r"\$labels is not"),
        ("{{- $value }} {{ $value -}}", "trimming"),
        ("{{ $labels.job | humanize }}", "humanize takes one number"),
        ("{{ humanize $value $value }}", "humanize takes one number"),
        ('{{ printf "%d" $value }}', "%d"),
        ('{{ printf "%5.1f" $value }}', "%5"),
        ('{{ printf "%.2f" $labels.job }}', "does not fit"),
        ('{{ printf "%s" $value }}', "does not fit"),
        ('{{ printf "%v" }}', "does not fit"),
        ("{{ printf $value }}", "printf takes a format"),
        ("{{ $value | $labels.job }}", "is no function"),
        ("{{ $value | }}", "a command is missing"),
        ("{{ }}", "a command is missing"),
        ("{{ $value", "has no end"),
        ('{{ "\\q" }}', "no text that can be read"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(BadTemplate, match=named):
        Template.parse(text)


# Each as promtool 3.16 writes it.
@pytest.mark.parametrize(
    ("value", "plain", "humanized", "binary", "duration"),
    [
        (1_000_000, "1e+06", "1M", "976.6ki", "11d 13h 46m 40s"),
        (1_234_567, "1.234567e+06", "1.235M", "1.177Mi", "14d 6h 56m 7s"),
        (123_456, "123456", "123.5k", "120.6ki", "1d 10h 17m 36s"),
        (0.0001234, "0.0001234", "123.4u", "0.0001234", "123.4us"),
        (0.00001234, "1.234e-05", "12.34u", "1.234e-05", "12.34us"),
        (-3.25, "-3.25", "-3.25", "-3.25", "-3.25s"),
        (0, "0", "0", "0", "0s"),
        (3725.5, "3725.5", "3.725k", "3.638ki", "1h 2m 5s"),
        (90061, "90061", "90.06k", "87.95ki", "1d 1h 1m 1s"),
        (65, "65", "65", "65", "1m 5s"),
        (59.9, "59.9", "59.9", "59.9", "59.9s"),
        (float("nan"), "NaN", "NaN", "NaN", "NaN"),
        (float("inf"), "+Inf", "+Inf", "+Inf", "+Inf"),
        (float("-inf"), "-Inf", "-Inf", "-Inf", "-Inf"),
    ],
)
def test_figures_are_written_as_go_writes_them(
    value: float, plain: str, humanized: str, binary: str, duration: str
) -> None:
    assert figures.plain(float(value)) == plain
    assert figures.humanize(value) == humanized
    assert figures.humanize1024(value) == binary
    assert figures.humanize_duration(value) == duration


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1e+00"), (0, "0e+00"), (0.125, "1.25e-01"), (-1234.5, "-1.2345e+03"), (1e100, "1e+100")],
)
def test_the_value_of_an_alert_has_an_exponent(value: float, text: str) -> None:
    assert figures.scientific(float(value)) == text
