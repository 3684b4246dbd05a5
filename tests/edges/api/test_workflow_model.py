"""Any sequence of commands, events and undoing comes to what a small model of the specification says.

The model is written from spec/mutation.md 3 to 5 alone and shares nothing with the program.
"""

from copy import deepcopy
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

OLD, GREATEST = "pump@1.0.0", "pump@2.0.0"
RANK = {OLD: 1, GREATEST: 2}
ARCHIVED = {"archived_forever", "archived_until_escalating", "archived_until_condition_met"}
kinds = count()


class Model:
    """One issue of a project that follows semver, as the specification describes its life."""

    def __init__(self, now):
        self.status, self.substatus = "unresolved", "new"
        self.resolution = self.snooze = self.assignee = None
        self.subscription = None
        self.bookmarked = False
        self.count = 1
        self.first_seen = self.last_seen = self.active_at = now
        self.resolved_at = None

    def command(self, body, now):
        status = body.get("status")
        if status in {"resolved", "resolvedInNextRelease"}:
            self._resolve(body, now)
        elif status == "unresolved" and self.status != "unresolved":
            self._reopen(body, now)
        elif status == "ignored":
            self._archive(body, now)
        if "assignedTo" in body:
            self._assign(body["assignedTo"])
        if "isBookmarked" in body:
            self.bookmarked = body["isBookmarked"]
            self.subscription = self.subscription or "bookmarked" if self.bookmarked else None
        if "isSubscribed" in body:
            self.subscription = "unknown" if body["isSubscribed"] else "none"

    def _subscribe(self, reason):
        self.subscription = self.subscription or reason

    def _resolve(self, body, now):
        release = body.get("statusDetails", {}).get("inRelease")
        wanted = GREATEST if body["status"] == "resolvedInNextRelease" else release
        current = GREATEST if body["status"] == "resolvedInNextRelease" else None
        resolution = (wanted, current) if wanted else None
        if self.status == "resolved" and self.resolution == resolution:
            return
        self.status, self.substatus, self.resolution, self.snooze = "resolved", None, resolution, None
        self.resolved_at = now
        self._subscribe("changed_status")

    def _reopen(self, body, now):
        young = now - self.first_seen < timedelta(days=7)
        inferred = "regressed" if self.status == "resolved" else "new" if young else "ongoing"
        asked = body.get("substatus")
        self.substatus = asked if asked and asked not in ARCHIVED else inferred
        self.status, self.resolution, self.snooze = "unresolved", None, None
        self._subscribe("changed_status")

    def _archive(self, body, now):
        asked = body.get("substatus")
        asked = asked if asked in ARCHIVED else None
        terms = body if asked != "archived_until_escalating" else {}
        duration, most = terms.get("ignoreDuration"), terms.get("ignoreCount")
        self.snooze = None
        if duration or most:
            until = now + timedelta(minutes=duration) if duration else None
            self.snooze = {"until": until, "count": most, "from": self.count}
        if self.status != "ignored":
            inferred = "archived_until_condition_met" if self.snooze else "archived_forever"
            self.status, self.substatus, self.resolution = "ignored", asked or inferred, None
            self._subscribe("changed_status")

    def _assign(self, to):
        if not to and self.assignee and self.subscription == "assigned":
            self.subscription = None
        self.assignee = to or None
        if to:
            self._subscribe("assigned")

    def event(self, release, now):
        self.count += 1
        if self.status == "resolved" and self._regresses(release, now):
            self.status, self.substatus, self.resolution = "unresolved", "regressed", None
            self.active_at = max(now, self.last_seen)
        elif self.status == "ignored" and self.snooze:
            until, most = self.snooze["until"], self.snooze["count"]
            if (until and until <= now) or (most and self.count - self.snooze["from"] >= most):
                self.status, self.substatus = "unresolved", "ongoing" if until else "escalating"
                self.snooze = None
        self.last_seen = max(self.last_seen, now)

    def _regresses(self, release, now):
        if self.resolution is None:
            return True
        fixed, current = self.resolution
        if not release or (current and RANK[current] >= RANK[release]):
            return False
        return RANK[fixed] <= RANK[release]

    def shown(self, now):
        status, details = self.status, {}
        if self.snooze and self.snooze["until"] and self.snooze["until"] <= now:
            status = "unresolved"
        elif self.snooze:
            most = self.snooze["count"]
            left = most and most - (self.count - self.snooze["from"])
            details = {"ignoreCount": left, "until": self.snooze["until"] is not None}
        elif self.resolution:
            details = {"inRelease": self.resolution[0]}
        subscribed = self.subscription not in {None, "none"}
        return {
            "status": status,
            "substatus": self.substatus,
            "details": details,
            "count": str(self.count),
            "assigned": self.assignee is not None,
            "isSubscribed": subscribed,
            "reason": self.subscription if subscribed else None,
            "isBookmarked": self.bookmarked,
        }


def shown_by(issue):
    details = issue["statusDetails"]
    if "ignoreCount" in details:
        details = {"ignoreCount": details["ignoreCount"], "until": details["ignoreUntil"] is not None}
    elif details:
        details = {"inRelease": details["inRelease"]}
    return {
        "status": issue["status"],
        "substatus": issue["substatus"],
        "details": details,
        "count": issue["count"],
        "assigned": issue["assignedTo"] is not None,
        "isSubscribed": issue["isSubscribed"],
        "reason": (issue["subscriptionDetails"] or {}).get("reason"),
        "isBookmarked": issue["isBookmarked"],
    }


commands = st.sampled_from(
    [
        {"status": "resolved"},
        {"status": "resolvedInNextRelease"},
        {"status": "resolved", "statusDetails": {"inRelease": OLD}},
        {"status": "resolved", "statusDetails": {"inRelease": GREATEST}},
        {"status": "unresolved"},
        {"status": "unresolved", "substatus": "ongoing"},
        {"status": "unresolved", "substatus": "archived_forever"},
        {"status": "ignored"},
        {"status": "ignored", "substatus": "archived_until_escalating"},
        {"status": "ignored", "substatus": "ongoing"},
        {"status": "ignored", "ignoreCount": 2},
        {"status": "ignored", "ignoreDuration": 30},
        {"status": "ignored", "ignoreDuration": 45, "ignoreCount": 3},
        {"assignedTo": "jane@acme.io"},
        {"assignedTo": ""},
        {"isBookmarked": True},
        {"isBookmarked": False},
        {"isSubscribed": True},
        {"isSubscribed": False},
        {"status": "resolved", "assignedTo": "jane@acme.io", "isSubscribed": False},
    ]
)
steps = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("command"), commands),
            st.tuples(st.just("rehearsed"), commands),
            st.tuples(st.just("undone"), commands),
            st.tuples(st.just("event"), st.sampled_from(["", OLD, GREATEST])),
        ),
        st.sampled_from([10, 10, 10, 1000, 60 * 24 * 7 * 60]),
    ),
    min_size=1,
    max_size=9,
)


@pytest.fixture
def pumps(api):
    """The API with a project that has two releases."""
    for version in (OLD, GREATEST):
        api.send(release=version, fingerprint=["first"])
        api.later(minutes=1)
    return api


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(steps=steps)
def test_the_server_does_what_the_specification_says(pumps, steps):
    api, model = pumps, Model(pumps.now)
    kind = f"kind-{next(kinds)}"
    issue_id = api.new_issue(fingerprint=[kind])
    url = f"/organizations/acme/issues/{issue_id}/"
    for (what, with_), seconds in steps:
        api.later(seconds=seconds)
        if what == "event":
            api.send(fingerprint=[kind], **({"release": with_} if with_ else {}))
            model.event(with_, api.now)
        elif what == "rehearsed":
            assert api.put(f"{url}?dryRun=1", with_).status_code == 200
        else:
            before = deepcopy(model)
            done = api.put(url, with_)
            assert done.status_code == 200, done.text
            model.command(with_, api.now)
            assert shown_by(done.json()) == model.shown(api.now)
            if what == "undone":
                api.later(seconds=1)
                undone = api.post(f"/organizations/acme/mutations/{done.headers['x-tocsin-mutation']}/undo/")
                assert undone.json()["leftAlone"] == []
                model = before
        assert shown_by(api.get(url).json()) == model.shown(api.now), (what, with_)
