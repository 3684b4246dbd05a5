"""The HTTP request during which it happened (spec/ingest.md 3.10)."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import msgspec

from tocsin.domain.event.normalise.databags import REQUEST_PART
from tocsin.domain.event.normalise.remarks import Path, Remarks
from tocsin.domain.event.normalise.shapes import Object, Shape, Text128, Text256, Text8192, clean_object
from tocsin.domain.event.normalise.texts import json_text, text_of

PAIRS_MAX = 200
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"

_METHOD = re.compile(r"[A-Z_-]{3,32}")
_FORM = re.compile(r"[^\s=&]+=[^\s=&]+(?:&[^\s=&]+=[^\s=&]*)*")


@lru_cache(maxsize=1024)
def _title_case(name: str) -> str:
    return "-".join(word.capitalize() for word in name.strip().split("-"))


_PAIRED: dict[str, Callable[[str], str]] = {"query_string": str, "headers": _title_case, "cookies": str}
"""What becomes a list of pairs, and how the names in it are spelt then."""


class _Request(msgspec.Struct, gc=False):
    url: Text8192 = None
    method: Text256 = None
    fragment: Text8192 = None
    env: Object = None
    inferred_content_type: Text128 = None
    api_target: Text128 = None


_REQUEST = Shape(_Request)


def clean_request(sent: Any, path: Path, remarks: Remarks) -> dict[str, Any] | None:
    """Return the request; query, headers and cookies are lists of ``[name, value]``."""
    request = clean_object(sent, path, remarks)
    if request is None:
        return None
    _REQUEST.fit(request, path, remarks)
    objects = [name for name in _PAIRED if isinstance(request.get(name), dict)]
    _split_url(request)
    _clean_method(request, path, remarks)
    request["query_string"] = _query(request.get("query_string"), (*path, "query_string"), remarks)
    headers = _headers(request.get("headers"), (*path, "headers"), remarks)
    request["cookies"] = _cookies(request.get("cookies"), headers, (*path, "cookies"), remarks)
    request["headers"] = [header for header in headers if header[0] != "Cookie"]
    for name in objects:
        remarks.paired((*path, name), [pair[0] for pair in request[name]], _PAIRED[name])
    _decode_data(request)
    for name in ("data", "env"):
        if request.get(name):
            request[name] = REQUEST_PART.kept(request[name], (*path, name), remarks)
    return {name: value for name, value in request.items() if value not in (None, "", [], {})} or None


def header_of(request: dict[str, Any], name: str) -> str | None:
    """Return the value of a header of a clean request; *name* in title case."""
    for key, value in request.get("headers") or ():
        if key == name and value:
            return str(value)
    return None


def _split_url(request: dict[str, Any]) -> None:
    url = request.get("url")
    if not url or (url.isascii() and "?" not in url and "#" not in url):
        return
    if url.endswith("…"):
        url = url[:-1] + "..."
    try:
        parts = urlsplit(url)
        host = _ascii_host(parts.netloc)
    except ValueError:
        return
    request["url"] = urlunsplit((parts.scheme, host, parts.path, "", ""))
    if parts.query and not request.get("query_string"):
        request["query_string"] = parts.query
    if parts.fragment and not request.get("fragment"):
        request["fragment"] = parts.fragment


def _ascii_host(netloc: str) -> str:
    if netloc.isascii():
        return netloc
    credentials, at, host = netloc.rpartition("@")
    return credentials + at + host.encode("idna").decode()


def _clean_method(request: dict[str, Any], path: Path, remarks: Remarks) -> None:
    sent = request.get("method")
    if sent:
        request["method"] = sent.strip().upper()
        if not _METHOD.fullmatch(request["method"]):
            del request["method"]
            remarks.removed((*path, "method"), sent, reason="expected an HTTP method")


def _query(sent: Any, path: Path, remarks: Remarks) -> list[list[str]]:
    return _read_query(sent) if isinstance(sent, str) else _pairs(sent, path, remarks)


def _read_query(text: str) -> list[list[str]]:
    pairs = (pair.partition("=") for pair in text.lstrip("?").split("&", PAIRS_MAX)[:PAIRS_MAX] if pair)
    return [[unquote_plus(name), unquote_plus(value)] for name, _, value in pairs]


def _headers(sent: Any, path: Path, remarks: Remarks) -> list[list[str]]:
    return [[_title_case(name), value] for name, value in _pairs(sent, path, remarks)]


def _cookies(sent: Any, headers: Iterable[list[str]], path: Path, remarks: Remarks) -> list[list[str]]:
    if not sent:
        sent = "; ".join(value for name, value in headers if name == "Cookie")
    if not isinstance(sent, str):
        return _pairs(sent, path, remarks)
    crumbs = (crumb.strip().partition("=") for crumb in sent.split(";", PAIRS_MAX)[:PAIRS_MAX])
    return [[name, value] for name, _, value in crumbs if name]


def _pairs(sent: Any, path: Path, remarks: Remarks) -> list[list[str]]:
    """Return an object or a list of pairs as a list of pairs of texts; a list as value repeats its key."""
    if sent is None:
        return []
    if not isinstance(sent, (dict, list)):
        remarks.removed(path, sent, reason="expected an object or a list of pairs")
        return []
    pairs: list[list[str]] = []
    for index, pair in enumerate(sent.items() if isinstance(sent, dict) else sent):
        if isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], str):
            values = pair[1] if isinstance(pair[1], list) else [pair[1]]
            pairs.extend([pair[0], value if isinstance(value, str) else _pair_text(value)] for value in values)
        elif pair is not None:
            remarks.removed((*path, str(index)), pair, reason="expected a pair")
    if len(pairs) > PAIRS_MAX:
        remarks.shortened(path, len(pairs))
    return pairs[:PAIRS_MAX]


def _pair_text(value: Any) -> str:
    if value is None:
        return ""
    text = text_of(value)
    return json_text(value) if text is None else text


def _decode_data(request: dict[str, Any]) -> None:
    """Decode a body that is JSON or a form, and say what it was; in place."""
    content_type = (header_of(request, "Content-Type") or "").partition(";")[0].strip().lower()
    data = request.get("data")
    recognised = ""
    if isinstance(data, str):
        data, recognised = _decoded(data)
        request["data"] = data
    if data and not request.get("inferred_content_type") and (recognised or content_type):
        request["inferred_content_type"] = (recognised or content_type)[:128]


def _decoded(text: str) -> tuple[Any, str]:
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return msgspec.json.decode(text), JSON_TYPE
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return text, ""
    if _FORM.fullmatch(text):
        return _form(text), FORM_TYPE
    return text, ""


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in _read_query(text):
        earlier = fields.get(name)
        fields[name] = value if earlier is None else [*(earlier if isinstance(earlier, list) else [earlier]), value]
    return fields
