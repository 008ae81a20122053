"""Registries over HTTP: tokens, pages, patience, and secrets that go nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from gitops_bot.adapters.registry import HttpRegistry
from gitops_bot.errors import RegistryDenied, RegistryUnreachable
from tests.support.registry import DIGEST, INDEX, PASSWORD, USER, FakeRegistry

CART = "acme/cart"
TAGS = [f"1.{minor}.0" for minor in range(7)]
Started = Callable[[FakeRegistry], FakeRegistry]


@pytest.fixture
def started() -> Iterator[Started]:
    with ExitStack() as stack:
        yield lambda fake: stack.enter_context(fake.running())


def client(fake: FakeRegistry, *, secret: str = PASSWORD, **more: object) -> HttpRegistry:
    credentials = (lambda: (USER, secret)) if secret else None
    return HttpRegistry(fake.url, credentials=credentials, sleep=lambda _: None, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("next_host", ["", "https://elsewhere.example"])
def test_every_page_is_read_and_pages_lead_nowhere_else(started: Started, next_host: str) -> None:
    fake = started(FakeRegistry({CART: TAGS}, next_host=next_host))
    assert client(fake, page=3).tags(CART) == tuple(TAGS)
    assert [path for path, _ in fake.asked if "tags/list" in path] == [
        f"/v2/{CART}/tags/list?n=3",
        f"/v2/{CART}/tags/list?n=3",
        f"/v2/{CART}/tags/list?last=1.2.0&n=3",
        f"/v2/{CART}/tags/list?last=1.5.0&n=3",
    ]


@pytest.mark.parametrize(("scheme", "private"), [("bearer", True), ("basic", True), ("none", True)])
def test_each_way_to_be_convinced(started: Started, scheme: str, private: bool) -> None:
    fake = started(FakeRegistry({CART: TAGS}, scheme=scheme, private=private))
    assert client(fake).tags(CART) == tuple(TAGS)


def test_what_is_public_is_read_with_a_token_for_nobody(started: Started) -> None:
    fake = started(FakeRegistry({CART: TAGS}, private=False))
    assert client(fake, secret="").tags(CART) == tuple(TAGS)


def test_a_token_is_kept_for_its_repository_alone(started: Started) -> None:
    fake = started(FakeRegistry({CART: TAGS, "acme/search": ["2.0.0"]}))
    registry = client(fake)
    registry.tags(CART)
    registry.tags(CART)
    assert registry.tags("acme/search") == ("2.0.0",)
    assert sum(path.startswith("/token") for path, _ in fake.asked) == 2


def test_a_manifest_comes_to_the_byte_with_the_claimed_digest(started: Started) -> None:
    fake = started(FakeRegistry({CART: TAGS}))
    assert client(fake).manifest(CART, "1.0.0") == (INDEX, DIGEST)


def test_secrets_stand_in_headers_to_the_registry_and_its_token_host_only(started: Started) -> None:
    thief = started(FakeRegistry({CART: TAGS}))
    fake = started(FakeRegistry({CART: TAGS}, realm=f"{thief.url}/token"))
    with pytest.raises(RegistryDenied) as caught:
        client(fake).tags(CART)
    assert thief.asked == []
    assert "which is not among its tokenHosts" in str(caught.value)
    thief_host = thief.url.removeprefix("http://")
    assert client(fake, token_hosts=(thief_host,)).tags(CART) == tuple(TAGS)
    said = [*fake.asked, *thief.asked]
    assert not [path for path, _ in said if PASSWORD in path]


@pytest.mark.parametrize(
    ("busy", "asked", "error"),
    [
        ([(429, "1")], 3, ""),
        ([(503, "0")], 3, ""),
        ([(429, "3600")], 1, "too many requests, it asks for 3600 seconds"),
        ([(429, "")], 1, "too many requests"),
        ([(429, "1"), (429, "1")], 2, "too many requests"),
        ([(500, "")], 1, "the registry answered 500"),
        ([(302, "")], 1, "the registry answered 302"),
    ],
)
def test_a_short_wait_is_waited_once_and_a_long_one_is_told(
    started: Started, busy: list[tuple[int, str]], asked: int, error: str
) -> None:
    fake = started(FakeRegistry({CART: TAGS}, scheme="none", busy=busy))
    if not error:
        assert client(fake).tags(CART) == tuple(TAGS)
        return
    with pytest.raises(RegistryUnreachable, match=error):
        client(fake).tags(CART)
    assert len(fake.asked) == asked


@pytest.mark.parametrize(
    ("secret", "image", "said"),
    [
        ("wrong", CART, "the credentials may not read acme/cart"),
        ("", CART, "the credentials may not read acme/cart"),
        (PASSWORD, "acme/none", "there is no acme/none"),
    ],
)
def test_a_refusal_names_the_image_and_no_secret(started: Started, secret: str, image: str, said: str) -> None:
    fake = started(FakeRegistry({CART: TAGS}))
    with pytest.raises(RegistryDenied) as caught:
        client(fake, secret=secret).tags(image)
    assert said in str(caught.value)
    assert not secret or secret not in str(caught.value)


def test_a_registry_that_is_gone_is_unreachable() -> None:
    with FakeRegistry({}).running() as fake:
        pass
    with pytest.raises(RegistryUnreachable, match="no answer"):
        client(fake).tags(CART)
