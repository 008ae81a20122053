"""Container registries: which tag is the newest within a range, and which digest a tag stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version as Semver

from gitops_bot.experiments.registry import candidate, digest, newest, platforms
from gitops_bot.model import Version
from gitops_bot.policy.ranges import Range

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

TAGS = [
    "1.10.0", "latest", "1.9.3", "1", "1.4", "v1.9.0", "1.9.0", "2.0.0-rc.1", "1.11.0-beta.2", "sha-4f1c2aa",
    "1.10.0-alpine", "1.9.3-alpine", "20260302", "01.2.3", "0.3.1", "0.2.9", "2.1.0",
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        (">=1.4 <2", "1.10.0"),
        (">=1.4,<2", "1.10.0"),
        ("^1.4", "1.10.0"),
        ("~1.9", "1.9.3"),
        ("~1.9.1", "1.9.3"),
        ("~> 1.9", "1.9.3"),
        ("1.9.x", "1.9.3"),
        ("1.9", "1.9.3"),
        ("1.9.0", "1.9.0"),
        ("= v1.9.0", "1.9.0"),
        ("1.x", "1.10.0"),
        ("*", "2.1.0"),
        ("<1.10", "1.9.3"),
        ("<= 1.9", "1.9.3"),
        (">1.9 <2", "1.10.0"),
        (">1.9.0 <1.10", "1.9.3"),
        ("^0.2", "0.2.9"),
        ("^0", "0.3.1"),
        ("^0.3.0 || ^0.2.0", "0.3.1"),
        ("1.9 - 1.10", "1.10.0"),
        (">=1 <2 !=1.10.0", "1.9.3"),
        (">=1 <2 !=1.10.x", "1.9.3"),
        (">=1.11.0-0 <2", "1.11.0-beta.2"),
        (">=1.11.0-0", "2.1.0"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        (">=3", None),
        (">*", None),
        ("^0.0.1", None),
    ],
)
def test_the_newest_tag_within_a_range(wanted: str, tag: str | None) -> None:
    assert newest(TAGS, Range.parse(wanted)) == tag
    assert newest(reversed(TAGS), Range.parse(wanted)) == tag


@pytest.mark.parametrize("wanted", ["^1.4", ">=1.4 <2", "1.x", "*", ">=1.0.0-0 <2", "<2"])
def test_a_pre_release_of_the_next_version_is_in_no_range_that_ends_before_it(wanted: str) -> None:
    assert not Range.parse(wanted).holds(Semver.parse("2.0.0-rc.1"))


@pytest.mark.parametrize(
    "text",
    ["", "  ", "||", "1 ||", "latest", ">=", "1.2.3.4", ">=1.4 && <2", "01.2.3", "1.2.3-01", "1.2.3-a..b", "^" * 300],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="range of versions"):
        Range.parse(text)


@given(st.text(alphabet="0123456789.<>=^~xv*-| ,!a", max_size=40))
def test_any_text_is_a_range_or_refused(text: str) -> None:
    try:
        wanted = Range.parse(text)
    except ValueError:
        return
    assert isinstance(wanted.holds(Semver(1, 2, 3)), bool)


@given(st.tuples(*[st.integers(0, 3)] * 3), st.tuples(*[st.integers(0, 3)] * 3))
def test_a_caret_keeps_the_first_part_that_is_not_zero(low: tuple[int, int, int], one: tuple[int, int, int]) -> None:
    kept = next((index + 1 for index, part in enumerate(low) if part), 3)
    held = Range.parse("^{}.{}.{}".format(*low)).holds(Semver(*one))
    assert held is (one >= low and one[:kept] == low[:kept])


def test_a_suffix_is_a_variant_and_no_part_of_the_version() -> None:
    assert newest(TAGS, Range.parse("^1.4"), suffix="-alpine") == "1.10.0-alpine"
    assert newest(TAGS, Range.parse("~1.9"), suffix="-alpine") == "1.9.3-alpine"
    assert newest(TAGS, Range.parse("^1.4"), suffix="-slim") is None


def test_a_build_of_a_chart_is_written_with_an_underscore() -> None:
    assert newest(["1.4.0_build7"], Range.parse("^1.4")) == "1.4.0_build7"


def test_the_digest_is_what_the_bytes_say() -> None:
    assert digest(b"") == digest(b"", EMPTY) == EMPTY
    assert digest(b"{}", EMPTY) is None


def test_the_candidate_is_pinned_to_the_digest_where_there_is_one() -> None:
    assert candidate("1.9.0", EMPTY) == Version("1.9.0", EMPTY)
    assert candidate("1.9.0", None) == Version("1.9.0")


def test_the_platforms_of_an_index_leave_attestations_out() -> None:
    index = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {"digest": EMPTY, "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": EMPTY, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
            {"digest": EMPTY, "platform": {"os": "unknown", "architecture": "unknown"}},
            {"digest": "md5:1", "platform": {"os": "linux", "architecture": "s390x"}},
        ],
    }
    assert platforms(index) == {"linux/amd64": EMPTY, "linux/arm64/v8": EMPTY}
    assert platforms({"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}) == {}
