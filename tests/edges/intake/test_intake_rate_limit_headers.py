from tocsin.domain.rate_limit import RateLimit
from tocsin.edges.intake.answers import rate_limit_headers


def test_no_limits_make_no_headers():
    assert rate_limit_headers([]) == ()


def test_limits_are_told_in_one_line_and_the_longest_in_seconds():
    limits = [
        RateLimit(retry_seconds=60, categories=("error", "default", "security"), scope="key", reason="quota_exceeded"),
        RateLimit(retry_seconds=120, scope="organization", reason="spike"),
    ]
    assert rate_limit_headers(limits) == (
        (b"x-sentry-rate-limits", b"60:error;default;security:key:quota_exceeded, 120::organization:spike"),
        (b"retry-after", b"120"),
    )
