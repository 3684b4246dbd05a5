"""Fingerprints, threads, policy reports, templates."""

from typing import Any

from tests.corpus.grouping.events import event, message, native, py, raised, swift, system
from tests.corpus.grouping.pair import Event, Pair, differ, same

VIEW = py("shop.views", "checkout", "    total = cart.total()", 31)
TOTAL = py("shop.cart", "total", "    return sum(prices)", 12)
WEIGHT = py("shop.cart", "weight", "    return sum(weights)", 20)


def failed(*frames: Any, **rest: Any) -> Event:
    return event("python", raised("ValueError", "no price", *frames), **rest)


def csp(directive: str, blocked: str, page: str = "https://shop.example.com/", **rest: str) -> Event:
    return {
        "platform": "other",
        "csp": {
            "effective_directive": directive,
            "violated_directive": f"{directive} 'self'",
            "blocked_uri": blocked,
            "document_uri": page,
        }
        | rest,
    }


def threads(*stacks: tuple[list[Any], dict[str, Any]], **rest: Any) -> Event:
    values = [{"id": n, "stacktrace": {"frames": frames}} | flags for n, (frames, flags) in enumerate(stacks)]
    return {"platform": "native", "threads": {"values": values}} | rest


def template(filename: str, line: str, lineno: int = 3, root: str = "/srv/app") -> Event:
    return {
        "platform": "python",
        "template": {"filename": filename, "abs_path": f"{root}/{filename}", "context_line": line, "lineno": lineno},
    }


CRASHED, IDLE = {"crashed": True, "current": True}, {"crashed": False, "current": False}
WAIT = [system("clone"), system("pthread_cond_wait")]
RUN = [native("main"), native("shop::Cart::total(int)")]
LOAD = [native("main"), native("shop::Cart::load(int)")]

PAIRS: list[Pair] = [
    same("user-defined fingerprints", "one for two errors", failed(VIEW, TOTAL, fingerprint=["db-down"]), failed(WEIGHT, fingerprint=["db-down"])),
    differ("user-defined fingerprints", "two for one error", failed(VIEW, TOTAL, fingerprint=["db-down"]), failed(VIEW, TOTAL, fingerprint=["db-slow"])),
    differ("user-defined fingerprints", "the default and more", failed(VIEW, TOTAL, fingerprint=["{{ default }}", "eu"]), failed(VIEW, TOTAL, fingerprint=["{{ default }}", "us"])),
    same("user-defined fingerprints", "the default and more, line moved", failed(VIEW, TOTAL, fingerprint=["{{ default }}", "eu"]), failed(VIEW, TOTAL | {"lineno": 99}, fingerprint=["{{ default }}", "eu"])),
    differ("user-defined fingerprints", "the default and more, another error", failed(VIEW, TOTAL, fingerprint=["{{ default }}", "eu"]), failed(VIEW, WEIGHT, fingerprint=["{{ default }}", "eu"])),
    same("user-defined fingerprints", "the default alone", failed(VIEW, TOTAL, fingerprint=["{{ default }}"]), failed(VIEW, TOTAL)),
    same("user-defined fingerprints", "the default without blanks", failed(VIEW, TOTAL, fingerprint=["{{default}}"]), failed(VIEW, TOTAL)),
    same("user-defined fingerprints", "a number", failed(VIEW, TOTAL, fingerprint=[17]), failed(WEIGHT, fingerprint=["17"])),
    same("user-defined fingerprints", "by the type", failed(VIEW, TOTAL, fingerprint=["{{ error.type }}"]), failed(WEIGHT, fingerprint=["{{ type }}"])),
    differ("user-defined fingerprints", "by the transaction", failed(VIEW, fingerprint=["{{ transaction }}"], transaction="/cart"), failed(VIEW, fingerprint=["{{ transaction }}"], transaction="/mail")),
    differ("user-defined fingerprints", "by a tag", failed(VIEW, fingerprint=["{{ tags.shop }}"], tags={"shop": "a"}), failed(VIEW, fingerprint=["{{ tags.shop }}"], tags={"shop": "b"})),
    same("user-defined fingerprints", "a checksum of an old client", failed(VIEW, TOTAL, checksum="0" * 32), failed(WEIGHT, checksum="0" * 32)),
    same("threads", "others have come", threads((RUN, CRASHED), (WAIT, IDLE)), threads((RUN, CRASHED), (WAIT, IDLE), (WAIT, IDLE), (LOAD, IDLE))),
    same("threads", "in another order", threads((WAIT, IDLE), (RUN, CRASHED)), threads((RUN, CRASHED), (WAIT, IDLE))),
    differ("threads", "another thread crashed", threads((RUN, CRASHED), (LOAD, IDLE)), threads((RUN, IDLE), (LOAD, CRASHED))),
    same("threads", "an exception and its threads", event("cocoa", raised("Hang", "app hanging for 2.1 s", swift("Cart.total()")), threads={"values": [{"id": 0, "current": True, "stacktrace": {"frames": WAIT}}]}), event("cocoa", raised("Hang", "app hanging for 5.7 s", swift("Cart.total()")), threads={"values": [{"id": 0, "current": True, "stacktrace": {"frames": LOAD}}]})),
    differ("threads", "messages of two places", threads((RUN, {"current": True}), message="slow"), threads((LOAD, {"current": True}), message="slow")),
    same("policy reports", "another path of the host", csp("script-src", "https://evil.example.com/a.js"), csp("script-src", "https://evil.example.com/b.js?x=1")),
    same("policy reports", "another page", csp("img-src", "https://cdn.example.com"), csp("img-src", "https://cdn.example.com", "https://shop.example.com/cart/17")),
    same("policy reports", "another line of the page", csp("script-src", "inline", line_number="17"), csp("script-src", "inline", line_number="99")),
    same("policy reports", "data of two images", csp("img-src", "data"), csp("img-src", "data:image/png;base64,AAAA")),
    same("policy reports", "scripts of a browser's extension", csp("script-src", "chrome-extension://abcdef/a.js"), csp("script-src", "chrome-extension://abcdef/b.js")),
    differ("policy reports", "another host", csp("script-src", "https://evil.example.com/a.js"), csp("script-src", "https://worse.example.org/a.js")),
    differ("policy reports", "another directive", csp("script-src", "https://evil.example.com"), csp("style-src", "https://evil.example.com")),
    differ("policy reports", "inline and eval", csp("script-src", "inline"), csp("script-src", "eval")),
    same("policy reports", "a certificate, another port", {"expectct": {"hostname": "shop.example.com", "port": 443}}, {"expectct": {"hostname": "shop.example.com", "port": 8443}}),
    differ("policy reports", "certificates of two hosts", {"expectct": {"hostname": "shop.example.com"}}, {"expectct": {"hostname": "mail.example.com"}}),
    differ("policy reports", "two kinds of reports", {"hpkp": {"hostname": "shop.example.com"}}, {"expectct": {"hostname": "shop.example.com"}}),
    same("templates", "line moved", template("carts/show.html", "{{ cart.total }}"), template("carts/show.html", "{{ cart.total }}", 99)),
    same("templates", "another folder", template("carts/show.html", "{{ cart.total }}"), template("carts/show.html", "{{ cart.total }}", root="/app")),
    differ("templates", "another template", template("carts/show.html", "{% url 'cart' %}"), template("mails/show.html", "{% url 'cart' %}")),
    differ("templates", "another line", template("carts/show.html", "{{ cart.total }}"), template("carts/show.html", "{% url 'cart' %}")),
    differ("messages", "a message and an exception", message("no price"), failed(VIEW, TOTAL)),
    differ("messages", "an empty message and another", message("no price"), {"platform": "python", "message": "no cart"}),
]  # fmt: skip
