"""The fields of the page "Inbound data": what each is called and explained by, and the body of the API they make."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tocsin.domain.errors import Malformed
from tocsin.domain.filters.filters import DEFAULTS, LEGACY, option_name
from tocsin.domain.organization import Project
from tocsin.domain.privacy.rule_text import parse_rule_text, rule_text
from tocsin.domain.privacy.rules import read_rules, rules_json
from tocsin.edges.web.forms import Form


class Named(msgspec.Struct, frozen=True):
    """A field: its name in the API, what people call it, and one line about it."""

    name: str
    label: str
    about: str
    usual: bool = False
    """What a switch is as long as nobody said."""


def _filter(filter_id: str, label: str, about: str) -> Named:
    return Named(option_name(filter_id), label, about, DEFAULTS[filter_id])


FILTERS = (
    _filter("web-crawlers", "Crawlers", "What says in its User-Agent that it is a crawler."),
    _filter("browser-extensions", "Browser extensions", "What the extensions of your visitors do wrong on your pages."),
    _filter("localhost", "Localhost", "What fails on the machine of its developer."),
    _filter("invalid-csp", "Invalid content policy reports", "Reports about extensions and adware, not about you."),
    _filter("react-hydration-errors", "Hydration errors", "Pages that React could not revive as the server drew them."),
    _filter("chunk-load-error", "Chunk load errors", "Pieces of a bundle that did not load, as after each deploy."),
)
LEGACY_BROWSERS: Mapping[str, str] = {
    "ie_pre_9": "Internet Explorer 8 and older",
    "ie9": "Internet Explorer 9",
    "ie10": "Internet Explorer 10",
    "ie11": "Internet Explorer 11",
    "edge_pre_79": "Edge before 79",
    "safari_pre_6": "Safari before 6",
    "opera_pre_15": "Opera before 15",
    "opera_mini_pre_8": "Opera Mini before 8",
    "android_pre_4": "Android before 4",
}
FILTER_LINES = (
    Named("filters:releases", "Releases", "One on each line; * stands for anything: 1.*"),
    Named("filters:error_messages", "Error messages", "Over “Type: value”, one on each line: *ConnectionError*"),
    Named("filters:blacklisted_ips", "Addresses of senders", "IP addresses or networks, one on each line: 10.0.0.0/8"),
)
DOMAINS = Named(
    "allowedDomains", "Allowed domains", "Whose pages may send, one on each line: *.example.com; * for any."
)
SWITCHES = (
    Named("dataScrubber", "Scrub data", "Take private data out of events before they are stored.", usual=True),
    Named(
        "dataScrubberDefaults", "With the built-in rules", "Passwords, tokens, card numbers and their like.", usual=True
    ),
    Named("scrubIPAddresses", "Store no IP addresses", "Neither the user’s nor one within a text."),
    Named("storeAttachments", "Keep attachments", "Off: files that come with events are thrown away.", usual=True),
)
NAMES = (
    Named(
        "sensitiveFields", "Sensitive fields", "What stands under a key with one of these in it goes. One on each line."
    ),
    Named("safeFields", "Safe fields", "Keys whose values are left alone. One on each line."),
)
RULES = Named(
    "relayPiiConfig", "Advanced rules", "One on each line: [Mask] [Email addresses] from [$message]; or JSON."
)
_OF_OPTIONS = "filters:"
_LEGACY_OPTION = option_name(LEGACY)


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form."""

    on: frozenset[str]
    """Names of the switches that are on."""
    legacy: frozenset[str]
    texts: Mapping[str, str]

    def body(self) -> dict[str, Any]:
        """Return what a request to change the project would send."""
        sent: dict[str, Any] = dict(self.texts) | {one.name: one.name in self.on for one in (*FILTERS, *SWITCHES)}
        sent[_LEGACY_OPTION] = [name for name in LEGACY_BROWSERS if name in self.legacy]
        nested = {name: value for name, value in sent.items() if name.startswith(_OF_OPTIONS)}
        return {name: value for name, value in sent.items() if name not in nested} | {"options": nested}


def values_of_project(project: Project) -> Values:
    """Return what the form shows at first."""
    options = project.options
    texts = {one.name: "\n".join(options.get(one.name) or ()) for one in (*FILTER_LINES, *NAMES)}
    texts[DOMAINS.name] = "\n".join(options.get(DOMAINS.name, ["*"]))
    texts[RULES.name] = _rules_text(options.get(RULES.name) or "")
    return Values(
        on=frozenset(one.name for one in (*FILTERS, *SWITCHES) if options.get(one.name, one.usual)),
        legacy=frozenset(options.get(_LEGACY_OPTION) or ()),
        texts=texts,
    )


def values_of_form(form: Form) -> Values:
    """Return what somebody sent."""
    names = [one.name for one in (*FILTER_LINES, DOMAINS, *NAMES, RULES)]
    return Values(
        on=frozenset(form.all("on")),
        legacy=frozenset(form.all("legacy")),
        texts={name: form.one(name) for name in names},
    )


def _rules_text(stored: str) -> str:
    """Return rules as lines where these say all of it, else the JSON."""
    try:
        lines = rule_text(read_rules(stored)) if stored else ""
        return lines if not stored or rules_json(parse_rule_text(lines)) == stored else stored
    except Malformed:
        return stored
