"""A Django site that fails while it answers; asks itself once and ends."""

import os
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.simple_server import make_server

import django
import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path
from sentry_sdk.integrations.django import DjangoIntegration

sentry_sdk.init(
    os.environ["DSN"],
    release="shop@1.2.3",
    environment="staging",
    integrations=[DjangoIntegration()],
    send_default_pii=True,
)
settings.configure(SECRET_KEY="only here", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
django.setup()


def price_of(article: int) -> int:
    prices = {1: 10}
    return prices[article]


def checkout(_request, article: int):
    sentry_sdk.set_user({"id": "7", "email": "jane@example.com"})
    sentry_sdk.set_tag("basket", "full")
    sentry_sdk.add_breadcrumb(category="shop", message="added to the basket", data={"article": article})
    return price_of(article)


urlpatterns = [path("checkout/<int:article>/", checkout)]

server = make_server("127.0.0.1", 0, get_wsgi_application())
Thread(target=server.serve_forever, daemon=True).start()
try:
    urlopen(
        Request(f"http://127.0.0.1:{server.server_port}/checkout/5/?coupon=free", headers={"User-Agent": "till/1.0"})
    )
except HTTPError:
    print("failed as it should")
sentry_sdk.flush(10)
