"""How often the same caller may ask, where that is limited (spec/mutation.md 1.4)."""

import math
from datetime import datetime

from tocsin.domain.caller import Caller
from tocsin.domain.errors import TooManyRequests
from tocsin.edges.api.routing import Route
from tocsin.edges.services import Services
from tocsin.edges.sessions import AnyRequest, address_of

ANSWER_HEADERS = "answer_headers"
"""Where in a request's state stand headers for its answer, whatever that will be."""


def spend(request: AnyRequest, services: Services, route: Route, caller: Caller | None, now: datetime) -> None:
    """Count the request, and tell in the answer what is left. Raises TooManyRequests.

    A user's requests are counted together, as are those with tokens of one organization; who is neither is known by
    address. Every route has counts of its own.
    """
    quota = route.quota
    if quota is None or not services.settings.api_rate_limits:
        return
    who = _name(caller) or f"address:{address_of(request, services)}"
    verdict = services.quotas.spend(quota, (route.method, route.paths[0], who), now)
    headers = {
        "X-Sentry-Rate-Limit-Limit": quota.requests_max,
        "X-Sentry-Rate-Limit-Remaining": verdict.remaining,
        "X-Sentry-Rate-Limit-Reset": math.ceil(verdict.resets_at.timestamp()),
    }
    if not verdict.is_within:
        headers["Retry-After"] = max(1, math.ceil((verdict.resets_at - now).total_seconds()))
    request.scope["state"][ANSWER_HEADERS] = {name: str(value) for name, value in headers.items()}
    if not verdict.is_within:
        raise TooManyRequests(
            "You are attempting to use this endpoint too frequently. "
            f"Limit is {quota.requests_max} requests in {quota.window_seconds} seconds"
        )


def _name(caller: Caller | None) -> str:
    if caller is None:
        return ""
    return f"organization:{caller.organization_id}" if caller.user is None else f"user:{caller.user.id}"
