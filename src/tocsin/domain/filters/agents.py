"""Crawlers and browsers of long ago (``web-crawlers``, ``legacy-browsers``)."""

import re
from collections.abc import Collection
from functools import lru_cache

from tocsin.domain.event.normalise.user_agent import browser_of

_CRAWLERS = re.compile(
    r"Mediapartners-Google|AdsBot-Google|Googlebot|FeedFetcher-Google|BingBot|BingPreview|Baiduspider|Slurp|Sogou"
    r"|facebook|ia_archiver|bots?[/\s);]|spider[/\s);]|Slack|Calypso AppCrawler|pingdom|lyticsbot"
    r"|AWS Security Scanner|HubSpot Crawler|Bytespider|Better Uptime",
    re.IGNORECASE,
)
_WELCOME = re.compile(r"Slackbot\s1\.\d+", re.IGNORECASE)
"""Somebody put a link into a chat: a person wants that page."""
AGENT_CHARS_MAX = 2048

_BEFORE = {
    "ie_pre_9": ("IE", 9),
    "opera_pre_15": ("Opera", 15),
    "opera_mini_pre_8": ("Opera Mini", 8),
    "android_pre_4": ("Android", 4),
    "safari_pre_6": ("Safari", 6),
    "edge_pre_79": ("Edge", 79),
}
_EXACTLY = {"ie9": ("IE", 9), "ie10": ("IE", 10), "ie11": ("IE", 11)}


@lru_cache(maxsize=4096)
def is_crawler(agent: str) -> bool:
    """Say whether a User-Agent is that of a crawler."""
    return bool(_CRAWLERS.search(agent)) and not _WELCOME.search(agent)


def is_legacy_browser(agent: str, unwanted: Collection[str]) -> bool:
    """Say whether a User-Agent is that of one of the *unwanted* browsers."""
    family, major = browser_of(agent)
    if major is None:
        return False
    if any(_EXACTLY.get(name) == (family, major) for name in unwanted):
        return True
    limits = [_BEFORE[name] for name in unwanted if name in _BEFORE]
    return any(family == old and major < first for old, first in limits)
