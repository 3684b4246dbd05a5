"""What must not be kept reaches no store: in every worker, from the next event on, and in no log."""

import json
import re

import msgspec
import pytest
from tests.flows.test_digest_loop import drain

from tocsin.domain.event.accepted import Accepted
from tocsin.domain.event.limits import IntakeLimits
from tocsin.domain.outcome import Category, Verdict
from tocsin.domain.pipeline import Chunk, Digested, decode_results, digest, digest_chunk, encode_chunk
from tocsin.domain.privacy import Privacy, scrubber_for
from tocsin.domain.privacy.options import privacy_options
from tocsin.domain.project_rules import project_rules
from tocsin.flows.digest.loop import WORKER_MODULES, DigestLimits, DigestLoop
from tocsin.lib.worker_pool import WorkerPool
from tocsin.storage.spool.opening import open_spool
from tocsin.storage.state import organizations, projects
from tocsin.storage.state.key_cache import ProjectCache

LIMITS = DigestLimits(batch_entries_max=10, batch_bytes_max=1 << 20, tries_max=2, intake=IntakeLimits())
SECRET = "4242 4242 4242 4242"


@pytest.fixture(scope="module")
def workers():
    pool = WorkerPool(2, WORKER_MODULES)
    yield pool
    pool.close()


@pytest.fixture
def loop(shop, workers, tmp_path):
    spool, cache = open_spool((tmp_path / "spool").as_uri()), ProjectCache(shop.state)
    made = DigestLoop(spool, shop.writer, workers, LIMITS, lambda: shop.now, cache)
    made.spool = spool
    yield made
    cache.close()
    spool.close()


def stored(shop):
    return [json.loads(payload) for (payload,) in shop.history.rows("SELECT payload FROM event ORDER BY event_id")]


def set_project(shop, **options):
    with shop.state.write() as connection:
        projects.save(connection, msgspec.structs.replace(shop.project, options=privacy_options(options)))


def set_organization(shop, **options):
    with shop.state.write() as connection:
        known = organizations.by_id(connection, shop.project.organization_id)
        organizations.save(connection, msgspec.structs.replace(known, options=privacy_options(options)))


def send(shop, loop, count=1, **event):
    loop.spool.append_many([shop.accepted(**event) for _ in range(count)])
    drain(loop)


def test_scrubbing_is_on_by_default(shop, loop):
    send(shop, loop, 4, extra={"password": "hunter2", "card": f"it is {SECRET}"})
    assert [event["extra"] for event in stored(shop)] == [{"password": "[Filtered]", "card": "it is [Filtered]"}] * 4


def test_a_changed_option_holds_for_the_next_event_in_every_worker(shop, loop):
    send(shop, loop, extra={"zip": "1"})
    set_project(shop, sensitiveFields=["zip"])
    send(shop, loop, 4, extra={"zip": "1"})
    set_project(shop, dataScrubber=False)
    send(shop, loop, 4, extra={"zip": "1", "password": "x"})
    set_organization(shop, dataScrubber=True, relayPiiConfig="[Mask] [Anything] from [extra.zip]")
    send(shop, loop, 4, extra={"zip": "1", "password": "x"})
    left = [event["extra"] for event in stored(shop)]
    assert left == [
        {"zip": "1"},
        *[{"zip": "[Filtered]"}] * 4,
        *[{"zip": "1", "password": "x"}] * 4,
        *[{"zip": "*", "password": "[Filtered]"}] * 4,
    ]


def test_a_project_keeps_what_another_forbids(shop, loop):
    with shop.state.write() as connection:
        other = projects.create(connection, shop.project.organization_id, "other", "other", shop.now)
    set_project(shop, sensitiveFields=["zip"])
    mine, theirs = shop.accepted(extra={"zip": "1"}), shop.accepted(extra={"zip": "1"})
    loop.spool.append_many([mine, msgspec.structs.replace(theirs, project_id=other)])
    drain(loop)
    assert [event["extra"]["zip"] for event in stored(shop)] == ["[Filtered]", "1"]


def test_nothing_that_is_derived_knows_more_than_the_payload(shop, loop):
    set_project(shop, scrubIPAddresses=True)
    send(
        shop,
        loop,
        exception=None,
        message=f"jane@example.com paid with {SECRET} from 198.51.100.7",
        user={"ip_address": "198.51.100.7"},
        tags={"password": "hunter2", "card": SECRET},
        request={"url": f"https://joe:hunter2@h/{SECRET}"},
        transaction=f"/pay/{SECRET}",
    )
    text = str(shop.history.rows("SELECT * FROM event"))
    with shop.state.read() as connection:
        text += str(connection.exec_driver_sql("SELECT * FROM issue").fetchall())
    for secret in ("jane@", SECRET, "198.51.100.7", "hunter2"):
        assert secret not in text
    assert shop.issue().title == "[email] paid with [creditcard] from [ip]"


def test_rules_that_cannot_be_read_let_nothing_through(shop, loop):
    with shop.state.write() as connection:
        projects.save(connection, msgspec.structs.replace(shop.project, options={"relayPiiConfig": "{broken"}))
    send(shop, loop, extra={"password": "hunter2"})
    (letter,) = loop.spool.dead_letters(10)
    assert letter.reason.startswith("malformed: Advanced rules must be JSON")
    assert stored(shop) == []


def test_what_cannot_be_digested_is_told_without_a_word_of_it(shop, loop, monkeypatch, capfd):
    def break_down(_payload, _rules):
        raise ValueError(f"no idea what {SECRET} means")

    monkeypatch.setattr("tocsin.domain.pipeline.apply_rules", break_down)
    chunk = Chunk(IntakeLimits(), {}, (shop.accepted(extra={"password": SECRET}),))
    (failed,) = decode_results(digest_chunk(encode_chunk(chunk)))
    assert re.fullmatch(r"ValueError in \S*test_digest_privacy, line \d+", failed.reason)
    assert SECRET not in failed.reason
    assert SECRET not in "".join(capfd.readouterr())


def with_attachments(shop, *headers):
    accepted = shop.accepted()
    items = b"".join(
        msgspec.json.encode({"type": "attachment", "length": 11} | header) + b"\njoe@acme.io\n" for header in headers
    )
    return msgspec.structs.replace(accepted, body=accepted.body + items)


@pytest.mark.parametrize(
    ("options", "kept", "refused"),
    [
        ({}, {"a.txt": b"joe@acme.io", "b.dmp": b"joe@acme.io"}, 0),
        ({"storeAttachments": False}, {}, 2),
        ({"storeCrashReports": 0}, {"a.txt": b"joe@acme.io"}, 1),
        (
            {"relayPiiConfig": "[Mask] [Email addresses] from [$attachments]"},
            {"a.txt": b"*" * 11, "b.dmp": b"*" * 11},
            0,
        ),
        ({"relayPiiConfig": "[Remove] [Anything] from [$attachments.'a.txt']"}, {"b.dmp": b"joe@acme.io"}, 1),
    ],
)
def test_attachments_are_stored_as_far_as_the_options_let_them(shop, options, kept, refused):
    accepted: Accepted = with_attachments(
        shop, {"filename": "a.txt"}, {"filename": "b.dmp", "attachment_type": "event.minidump"}
    )
    digested: Digested = digest(accepted, IntakeLimits(), project_rules({}, privacy_options(options)))
    assert {file.filename: file.data for file in digested.attachments} == kept
    assert [one.verdict for one in digested.outcomes] == [Verdict.FILTERED, Verdict.FILTERED] * refused
    assert sum(one.quantity for one in digested.outcomes if one.category is Category.ATTACHMENT) == 11 * refused
    assert len(digested.events) == 1


def test_equal_options_share_one_scrubber():
    assert scrubber_for(Privacy(safe_fields=("a",))) is scrubber_for(Privacy(safe_fields=("a",)))


def test_a_batch_that_cannot_be_prepared_is_tried_again(shop, loop, monkeypatch):
    monkeypatch.setattr("tocsin.flows.digest.loop.BACKOFF_SECONDS", (0,))
    monkeypatch.setattr("tocsin.flows.digest.loop.WAIT_SECONDS", 0.01)
    look_up, failures = loop._projects.with_organizations, iter(range(3))

    def fail_for_a_while(project_ids):
        if next(failures, None) is not None:
            raise OSError("state is away")
        return look_up(project_ids)

    monkeypatch.setattr(loop._projects, "with_organizations", fail_for_a_while)
    send(shop, loop)
    assert shop.issue().times_seen == 1
    assert loop.spool.dead_letters(10) == []
