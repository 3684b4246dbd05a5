"""What an event says about its problem: the first kind of content that says anything (spec/ingest.md 5.3, 5.8)."""

from collections.abc import Callable, Mapping

import msgspec

from tocsin.domain.grouping.evidence import Csp, Evidence, Stacktrace, Thread, present
from tocsin.domain.grouping.exceptions import exception_views
from tocsin.domain.grouping.parameterise import normalised_message
from tocsin.domain.grouping.stack_rules import StackRules, scene_of
from tocsin.domain.grouping.stacks import stack_views

_LOCAL = frozenset({"", "self", "'self'", "inline", "eval"})
_UNSAFE = {"inline": "'unsafe-inline'", "eval": "'unsafe-eval'"}


class Content(msgspec.Struct, frozen=True):
    """The contributing texts by variant, in order of preference; empty when nothing contributes."""

    variants: Mapping[str, tuple[str, ...]]
    main_exception_id: int | None = None


def content_of(evidence: Evidence, rules: StackRules) -> Content:
    """Return what the first strategy that contributes has to say."""
    for strategy in _STRATEGIES:
        content = strategy(evidence, rules)
        if content.variants:
            return content
    return Content({})


def _chained_exceptions(evidence: Evidence, rules: StackRules) -> Content:
    views, main_exception_id = exception_views(evidence, rules)
    return Content(_told({"app": views.app, "system": views.system}), main_exception_id)


def _threads(evidence: Evidence, rules: StackRules) -> Content:
    threads = present(evidence.threads.values) if evidence.threads else []
    return _stack_content(_decisive(threads), evidence, rules)


def _decisive(threads: list[Thread]) -> Stacktrace | None:
    """Return the stack trace of the only crashed, the only current or the only thread."""
    crashed = [thread for thread in threads if thread.crashed]
    current = [thread for thread in threads if thread.current]
    only = next((alike for alike in (crashed, current, threads) if len(alike) == 1), None)
    return only[0].stacktrace if only else None


def _stacktrace(evidence: Evidence, rules: StackRules) -> Content:
    return _stack_content(evidence.stacktrace, evidence, rules)


def _stack_content(stacktrace: Stacktrace | None, evidence: Evidence, rules: StackRules) -> Content:
    if stacktrace is None:
        return Content({})
    views = stack_views(scene_of(stacktrace, evidence.platform, rules), rules)
    return Content(_told({"app": views.app, "system": views.system}))


def _csp(evidence: Evidence, _: StackRules) -> Content:
    csp = evidence.csp
    if csp is None:
        return Content({})
    directive = csp.effective_directive or (csp.violated_directive or "").partition(" ")[0]
    return _only(directive, _local_violation(csp, directive) or _blocked(csp.blocked_uri or "self"))


def _local_violation(csp: Csp, directive: str) -> str | None:
    """Return which unsafe thing a script of the page itself did, if the report says."""
    blocked = csp.blocked_uri or ""
    if not directive.startswith("script-src") or blocked not in _LOCAL:
        return None
    violated = csp.violated_directive or ""
    return _UNSAFE.get(blocked) or next((unsafe for unsafe in _UNSAFE.values() if unsafe in violated), None)


def _blocked(uri: str) -> str:
    """Return the host of *uri*, or its scheme if it has no host."""
    scheme, _, rest = uri.partition(":")
    host = rest.removeprefix("//").partition("/")[0].rpartition("@")[2].partition(":")[0]
    return (host if rest.startswith("//") else scheme) or uri


def _host_reports(evidence: Evidence, _: StackRules) -> Content:
    reports = {"hpkp": evidence.hpkp, "expect-staple": evidence.expectstaple, "expect-ct": evidence.expectct}
    return next((_only(salt, report.hostname or "") for salt, report in reports.items() if report), Content({}))


def _template(evidence: Evidence, _: StackRules) -> Content:
    template = evidence.template
    if template is None:
        return Content({})
    return _only(template.filename or template.abs_path or "", template.context_line or "")


def _message(evidence: Evidence, _: StackRules) -> Content:
    logentry = evidence.logentry
    message = (logentry.message or logentry.formatted) if logentry else None
    return _only(normalised_message(message or ""))


def _only(*values: str) -> Content:
    return Content(_told({"default": tuple(value for value in values if value)}))


def _told(variants: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    return {name: values for name, values in variants.items() if values}


_STRATEGIES: tuple[Callable[[Evidence, StackRules], Content], ...] = (
    _chained_exceptions,
    _threads,
    _stacktrace,
    _csp,
    _host_reports,
    _template,
    _message,
)
