import time

import pytest

from tocsin.domain.grouping.parameterise import PARAMETERISED_CHARS_MAX, normalised_message, parameterise

UUID = "5f0c6a52-1b2c-4d3e-8f90-123456789abc"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"job {UUID} failed after 17 tries at 10.1.2.3", "job <uuid> failed after <int> tries at <ip>"),
        ("mail jane.doe+x@example.com now", "mail <email> now"),
        ("GET https://x.y/z?q=1 gave 404", "GET <url> gave <int>"),
        ("wss://live.example.com/socket closed", "<url> closed"),
        ("no route to api.eu.example.com:8443", "no route to <hostname>:<int>"),
        ("user.id is null in foo.py", "user.id is null in foo.py"),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "<traceparent>"),
        ("1-5759e988-bd862e3fe1be46a994272793", "<traceparent>"),
        ("a" * 39 + "1 " + "b" * 31 + "2", "<sha1> <md5>"),
        ("Fri, 20 Nov 2026 10:11:12 GMT|", "<date>|"),
        ("at 2026-11-20 10:11:12,123 +0100 and 2026-11-20T10:11:12.5Z", "at <date> and <date>"),
        ("Fri Nov 20 2026 10:11:12 GMT+0100 (Central European Standard Time)", "<date>"),
        ("Fri Nov 20 10:11:12 2026", "<date>"),
        ("Nov 20, 2026 20261120T101112Z 20261120", "<date> <date> <date>"),
        ("from 9:05 to 11:30 PM", "from <date> to <date>"),
        ("datetime.datetime(2026, 1, 2, 3, 4)", "<date>"),
        ("took 123ms and 1.5s", "took <duration> and <duration>"),
        ("00:11:22:aa:bb:cc", "<mac>"),
        ("::1 fe80::1 2001:db8::8a2e:370:7334", "<ip> <ip> <ip>"),
        ("std::vector<int> and face::bad", "std::vector<int> and face::bad"),
        ("10.0.0.5:5432 refused", "<ip>:<int> refused"),
        ("txabcdef0123456789abcde-0123456789", "<swift_txn_id>"),
        ("0xDEADBEEF 12345678 DEADBEE1", "<hex> <hex> <hex>"),
        ("DEADbee1", "DEADbee1"),
        ("at abc1234 but not abcdefg", "at <git_sha> but not abcdefg"),
        ("-5 -5.5 a-3 (-7) 1-2", "<int> <float> a-<int> (<int>) <int>-<int>"),
        ("on -2026-11-20", "on -<date>"),
        ("x2 _3 4x", "x2 _3 4x"),
        ("""a='1 2' b="3" c=FALSE 'd 4' true""", "a=<quoted_str> b=<quoted_str> c=<bool> 'd <int>' true"),
        ("""a = '1 2' b = "3" c ='4'""", "a = <quoted_str> b = <quoted_str> c =<quoted_str>"),
        ("1m30s 2h0m5.5s 2h30m 5m", "<duration> <duration> <duration> 5m"),
        ("512MB 1.5GiB 7kB 5B 3 GB", "<size> <size> <size> 5B <int> GB"),
        ("1e-05 2.5e-07 1e5", "<float> <float> 1e5"),
        ("1,234,567 rows, 12,34 1,2345", "<int> rows, <int>,<int> <int>,<int>"),
        ("cus_9s6XKzkNRiz8i3 and 8fKQ0aPmXb21Lk", "<random_id> and <random_id>"),
        (
            "Sha256Digest Utf8ToUtf16Reader a1b2c3d4x5 A1B2C3D4X5",
            "Sha256Digest Utf8ToUtf16Reader a1b2c3d4x5 A1B2C3D4X5",
        ),
        ("mail müller@exämple.de now", "mail <email> now"),
        ("nothing varies here", "nothing varies here"),
    ],
)
def test_what_varies_is_replaced_by_its_kind(text, expected):
    assert parameterise(text) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("one\ntwo", "one\ntwo"),
        ("one\n\n  \ntwo\n", "one\ntwo..."),
        ("see https://x.io/a\nb\nc", "see <url>\nb..."),
        ("\n \n", "..."),
        ("", ""),
    ],
)
def test_two_lines_of_a_message_count(message, expected):
    assert normalised_message(message) == expected


def test_a_very_long_text_stays_as_it_is():
    text = "1 " * (PARAMETERISED_CHARS_MAX // 2)
    assert parameterise(text) == text.replace("1", "<int>")
    assert parameterise(text + "1") == text + "1"


@pytest.mark.parametrize(
    "unit",
    [
        "a.",
        "a-",
        "1:",
        "a",
        "1",
        "f.0",
        "a@",
        "='",
        "12 ",
        "0-",
        "::",
        "-1",
        "a1.b@",
        "1 May ",
        "1a",
        "A1b",
        "1,234",
        "a_1B",
        "1h",
        "= '",
    ],
)
def test_no_text_takes_long(unit):
    text = unit * (PARAMETERISED_CHARS_MAX // len(unit))
    started = time.process_time()
    parameterise(text)
    assert time.process_time() - started < 0.5
