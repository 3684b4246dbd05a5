"""Advanced rules as JSON and as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.domain.errors import Malformed
from tocsin.domain.privacy.data_types import DATA_TYPES
from tocsin.domain.privacy.redaction import Method, Redaction
from tocsin.domain.privacy.rule_text import parse_rule_text, rule_text
from tocsin.domain.privacy.rules import (
    ANYTHING,
    PAIR,
    PASSWORD,
    PATTERN,
    Application,
    Rule,
    RuleSet,
    read_rules,
    rules_json,
)
from tocsin.domain.privacy.selector import parse_selector


def read(rules=None, applications=None, **more):
    return read_rules(json.dumps({"rules": rules or {}, "applications": applications or {}} | more))


def only(rule_set):
    ((rule,),) = [each.rules for each in rule_set.applications]
    return rule


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (
            "[Remove] [Credit card numbers] from [$string]",
            Rule(id="0", kind="creditcard", redaction=Redaction(Method.REMOVE)),
        ),
        ("[mask] [ip addresses] from [$string]", Rule(id="0", kind="ip", redaction=Redaction(Method.MASK))),
        ("[Hash][Anything]from[$user.id]", Rule(id="0", kind=ANYTHING, redaction=Redaction(Method.HASH))),
        ("[Replace] [Password fields] from [**]", Rule(id="0", kind=PASSWORD, redaction=Redaction(Method.REPLACE))),
        (
            "[Replace] [Email addresses] with [Scrubbed] from [$message]",
            Rule(id="0", kind="email", redaction=Redaction(Method.REPLACE, "Scrubbed")),
        ),
        (
            '[Replace] [Email addresses] with ["[e-mail]"] from [$message]',
            Rule(id="0", kind="email", redaction=Redaction(Method.REPLACE, "[e-mail]")),
        ),
        ("[Replace] [UUIDs] with [] from [a]", Rule(id="0", kind="uuid", redaction=Redaction(Method.REPLACE, ""))),
        (
            r'[Mask] [Regex matches "a\"]\\d+"] from [extra.\'x]\'\']',
            None,
        ),
        (
            r'[Mask] [Regex matches "[a]\\d+"] from [extra.a]',
            Rule(id="0", kind=PATTERN, pattern=r"[a]\d+", redaction=Redaction(Method.MASK)),
        ),
        (
            '[Mask] [Regex matches "(a)(b)" groups 1,2] from [extra.a]',
            Rule(id="0", kind=PATTERN, pattern="(a)(b)", groups=(1, 2), redaction=Redaction(Method.MASK)),
        ),
        (
            '[Remove] [Fields named like "^x_"] from [extra.**]',
            Rule(id="0", kind=PAIR, pattern="^x_", redaction=Redaction(Method.REMOVE)),
        ),
    ],
)
def test_a_line_is_a_rule(line, rule):
    if rule is None:
        with pytest.raises(Malformed, match="line 1"):
            parse_rule_text(line)
    else:
        assert only(parse_rule_text(line)) == rule


@pytest.mark.parametrize("title", [each.title for each in DATA_TYPES.values()])
def test_every_data_type_has_its_name(title):
    line = f"[Hash] [{title}] from [$string]\n"
    assert rule_text(parse_rule_text(line)) == line


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Remove everything", "is no rule"),
        ("[Remove] [Anything]", "is no rule"),
        ("[Remove] from [$string]", "is no rule"),
        ("[Delete] [Anything] from [$string]", r"no method \[Delete\]"),
        ("[Remove] [Phone numbers] from [$string]", r"no data type \[Phone numbers\]"),
        ("[Remove] [Anything] with [x] from [$string]", "puts nothing in the place"),
        ("[Remove] [Regex matches] from [$string]", "needs a regular expression"),
        ('[Remove] [Anything "x"] from [$string]', "needs no pattern"),
        ('[Remove] [Regex matches "("] from [$string]', "no regular expression"),
        (r'[Remove] [Regex matches "\q"] from [$string]', "not quoted as in JSON"),
        ('[Remove] [Regex matches "a" groups 1] from [$string]', "0 groups"),
        ("[Remove] [Anything] from [a b]", "cannot be read"),
        ("[Remove] [Anything] from []", "missing at the end"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_line(line, reason):
    with pytest.raises(Malformed, match=f"line 3: .*{reason}"):
        parse_rule_text(f"\n# a comment\n{line}")


def test_there_may_be_only_so_many_rules():
    line = "[Remove] [Anything] from [a]\n"
    assert len(parse_rule_text(line * 200).applications) == 200
    with pytest.raises(Malformed, match="200 advanced rules"):
        parse_rule_text(line * 201)


@pytest.mark.parametrize(
    ("name", "kind", "redaction"),
    [
        ("@ip:replace", "ip", Redaction(Method.REPLACE, "[ip]")),
        ("@email:mask", "email", Redaction(Method.MASK, "[email]")),
        ("@creditcard:hash", "creditcard", Redaction(Method.HASH, "[creditcard]")),
        ("@creditcard:filter", "creditcard", Redaction(Method.REPLACE, "[Filtered]")),
        ("@userpath", "userpath", Redaction(Method.REPLACE, "[Filtered]")),
        ("@password:remove", PASSWORD, Redaction(Method.REMOVE)),
        ("@anything:hash", ANYTHING, Redaction(Method.HASH)),
    ],
)
def test_some_rules_are_built_in(name, kind, redaction):
    assert only(read({}, {"$string": [name]})) == Rule(id=name, kind=kind, redaction=redaction)


def test_rules_of_one_name_may_stand_for_others():
    rules = {
        "all": {"type": "multiple", "rules": ["@ip:hash", "mine"]},
        "mine": {"type": "pattern", "pattern": "a", "redaction": {"method": "mask"}},
        "same": {"type": "alias", "rule": "all"},
    }
    ((ip, mine),) = [each.rules for each in read(rules, {"$string": ["same"]}).applications]
    assert (ip.kind, mine.kind, mine.id) == ("ip", PATTERN, "mine")


def test_the_hash_key_of_the_rules_is_used():
    rule = only(read({"0": {"type": "ip", "redaction": {"method": "hash"}}}, {"a": ["0"]}, vars={"hashKey": "k"}))
    assert rule.redaction.hash_key == "k"
    assert rule.redaction.of("x") != Redaction(Method.HASH).of("x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be JSON"),
        ("[]", "must be JSON"),
        ('{"rules": []}', "must be JSON"),
        ('{"rules": {"a": {}}}', "must be JSON"),
        ('{"applications": {"$string": "x"}}', "must be JSON"),
        ('{"applications": {"$string": ["x"]}}', "no rule 'x'"),
        ('{"applications": {"$string": ["@nope:mask"]}}', "no rule '@nope:mask'"),
        ('{"applications": {"$string": ["@ip:encrypt"]}}', "no method 'encrypt'"),
        ('{"applications": {"a b": ["@ip"]}}', "cannot be read"),
        ('{"rules": {"a": {"type": "nope"}}}', "no type that exists"),
        ('{"rules": {"a": {"type": "pattern"}}}', "needs a pattern"),
        ('{"rules": {"a": {"type": "redact_pair"}}}', "needs a keyPattern"),
        ('{"rules": {"a": {"type": "pattern", "pattern": "("}}}', "no regular expression"),
        ('{"rules": {"a": {"type": "pattern", "pattern": "a", "replaceGroups": [2]}}}', "0 groups"),
        ('{"rules": {"a": {"type": "alias", "rule": "a"}}}', "stands for itself"),
        (
            '{"rules": {"a": {"type": "multiple", "rules": ["b"]}, "b": {"type": "alias", "rule": "a"}}}',
            "stands for itself",
        ),
        ('{"rules": {"@ip": {"type": "ip"}}}', "needs another name"),
        (json.dumps({"rules": {"a": {"type": "pattern", "pattern": "a" * 1001}}}), "1000 characters"),
        (json.dumps({"rules": {str(n): {"type": "ip"} for n in range(201)}}), "200 advanced rules"),
        (json.dumps({"applications": {"a": ["@ip"] * 201}}), "200 advanced rules"),
        ('{"rules": ' + "[" * 60_000, "must be JSON"),
        (" " * 70_000, "bytes"),
    ],
)
def test_rules_that_make_no_sense_are_refused(text, reason):
    with pytest.raises(Malformed, match=reason):
        read_rules(text)


def test_expressions_of_the_reference_are_understood():
    assert only(read({"a": {"type": "pattern", "pattern": "(?<id>[0-9]+)-(?<=-)x"}}, {"x": ["a"]})).pattern


SELECTORS = st.sampled_from(["$string", "extra.'a b'", "foo && !bar", "**", "$frame.vars.*"]).map(parse_selector)
PATTERNS = st.sampled_from([r"\d+", '"]', r"a\] from \[b", "(a)|b", "'", "ключ", "\\\\", "[^\\]]"])


@st.composite
def rules(draw):
    method = draw(st.sampled_from(Method))
    redaction = Redaction(method, draw(st.text(max_size=8))) if method is Method.REPLACE else Redaction(method)
    kind = draw(st.sampled_from([*DATA_TYPES, ANYTHING, PASSWORD, PATTERN, PAIR]))
    pattern = draw(PATTERNS) if kind in {PATTERN, PAIR} else ""
    groups = (0, 1) if pattern == "(a)|b" else (0,)
    return Rule(id="", kind=kind, pattern=pattern, groups=groups, redaction=redaction)


@given(st.lists(st.tuples(SELECTORS, rules()), max_size=5))
def test_rules_are_read_again_as_they_were_printed(pairs):
    given_rules = [Application(where, (replace(rule, id=str(number)),)) for number, (where, rule) in enumerate(pairs)]
    rule_set = RuleSet(tuple(given_rules))
    assert parse_rule_text(rule_text(rule_set)) == rule_set
    again = [(each.selector, rule) for each in read_rules(rules_json(rule_set)).applications for rule in each.rules]
    assert sorted(again, key=str) == sorted(((each.selector, each.rules[0]) for each in given_rules), key=str)
