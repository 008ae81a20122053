"""Hundreds of files in the shapes and styles of real repositories: only the bytes of the value change, and it reads
back.

The files in `corpus/` mark their values with « and »; every layout below is applied to every file, so that the oracle
is the text around the mark, not the parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML

from gitops_bot import edits
from gitops_bot.edits.sense import Plain
from gitops_bot.policy.places import Target
from tests.edits.trees import Files

CORPUS = Path(__file__).parent / "corpus"
MARK = re.compile("«(.*?)»", re.DOTALL)

PLACES: dict[str, list[str]] = {
    "anchors.yaml": ["base.tag", "prod.tag", "typed", "custom.a"],
    "application-ocm.yaml": [
        'metadata.annotations."apps.open-cluster-management.io/git-branch"',
        "spec.packageOverrides[packageName=checkout].packageOverrides[path=spec].value.replicas",
    ],
    "application.yaml": [
        'metadata.annotations."argocd.argoproj.io/sync-wave"',
        "spec.source.targetRevision",
        "spec.source.helm.parameters[name=image.tag].value",
    ],
    "applicationset.yaml": [
        "spec.generators[0].list.elements[cluster=staging].revision",
        "spec.generators[0].list.elements[cluster=prod].revision",
    ],
    "canary.yaml": ["spec.analysis.interval", "spec.analysis.threshold", "spec.analysis.maxWeight"],
    "chart.yaml": [
        "version",
        "appVersion",
        "dependencies[name=checkout].version",
        "dependencies[alias=basket].version",
    ],
    "compose.yml": [
        "services.web.image",
        "services.web.ports[1]",
        "services.web.environment[1]",
        "services.web.deploy.replicas",
    ],
    "deployment.yaml": [
        'metadata.labels."app.kubernetes.io/version"',
        "spec.replicas",
        "spec.template.spec.containers[name=app].image",
        "spec.template.spec.containers[0].args[2]",
        "spec.template.spec.containers[name=app].env[name=MODE].value",
        "spec.template.spec.containers[name=app].env[name=LEVEL].value",
    ],
    "directives.yaml": ["spec.tag"],
    "duplicates.yaml": ["b.c"],
    "explicit.yaml": ["plain", '"quoted key".sub', "set.a"],
    "helmfile.yaml": ["releases[name=checkout].version", "releases[name=checkout-old].version"],
    "helmrelease.yaml": ["spec.chart.spec.version", "spec.values.image.tag"],
    "httproute.yaml": [
        "spec.rules[0].matches[0].path.value",
        "spec.rules[0].backendRefs[name=checkout-stable].weight",
        "spec.rules[0].backendRefs[name=checkout-canary].weight",
    ],
    "ingress.yaml": [
        'metadata.annotations."nginx.ingress.kubernetes.io/canary-weight"',
        "spec.rules[0].http.paths[path=/].backend.service.name",
    ],
    "json-style.yaml": [
        "metadata.labels.track",
        "spec.selector.color",
        "spec.ports[targetPort=8080].port",
        "spec.note",
    ],
    "knative.yaml": [
        'spec.template.metadata.annotations."autoscaling.knative.dev/min-scale"',
        "spec.traffic[revisionName=checkout-00001].percent",
        "spec.traffic[tag=next].latestRevision",
        "spec.traffic[tag=next].percent",
    ],
    "kustomization.yaml": [
        "images[name=ghcr.io/acme/checkout].newTag",
        "images[name=ghcr.io/acme/cart].digest",
        "replicas[name=checkout].count",
    ],
    "long.yaml": ["short", "inline.tag", "after"],
    "many.yaml": ["first data.version", "second/shop data.version", "second/other data.version"],
    "nested.yaml": ["deep[0][0]", "deep[1][1][1]", "deep[2].x[0].y[0]", "matrix[0][0]"],
    "nulls.yaml": ["tilde", "word", "sub.explicit", "list[0]", "flow.a", "flow.b[0]"],
    "quoting.yaml": [
        *("plain", "single", "double", "word", "octal", "empty-string", "url", "colon", "hash", "sha", "date"),
        *("multi", "plain-multi", '"single key"', '"esc\\"aped"'),
    ],
    "rollout.yaml": ["spec.strategy.canary.steps[0].setWeight", "spec.template.spec.containers[name=app].image"],
    "rootlist.yaml": ["[0].tag", "[name=cart].tag", "[2][1]"],
    "tabs.yaml": ["app.tag", "app.list[0]"],
    "unicode.yaml": ['"名前"', "größe", "emoji.tag", "𝒶𝓈𝓉𝓇𝒶𝓁.y"],
    "values.yaml": ["replicaCount", "image.tag", "canary.enabled", "canary.weight", '"canary"."odd.key"."with space"'],
    "virtualservice.yaml": [
        "spec.http[name=primary].route[destination.subset=stable].weight",
        "spec.http[name=primary].route[destination.subset=canary].weight",
    ],
    "workflow.yml": [
        "jobs.build.steps[name=Build].env.VERSION",
        "jobs.build.steps[2].uses",
        "jobs.build.steps[2].with.replicas",
    ],
}
"""The paths of the marks of each file, in order."""

NEW: tuple[Plain, ...] = (
    *("1.10", "v2.0.0-rc.1+build.5", "on", "012", 7, "0x1F", "1e3", "1_000", "2026-11-21", True, "~", "null"),
    *("9" * 40, "1" * 20 + "e" + "1" * 19, "a: b", "a # b", "-", 0, "{{ x }}", "it's", 'say "hi"', "*a", "&b", "!t"),
    *("@x", "%y", "`z`", "", False, "ghcr.io/acme/app:1.2.3@sha256:" + "0" * 64, "12:30:45", ".5", "größer 🎉", 100),
    *(" lead", "trail ", "[a]", "{a: 1}", "two\nlines", "tab\there", "yes", "=", "<<", "?", "a,b", "-3", "\\", "C:\\x"),
)


_MARKERS = re.compile(r"(?m)^(---|\.\.\.|%)")


def _ends(text: str, tail: str) -> str:
    """What follows a mark at the end of a line."""
    return re.sub(r"»(?=\n)", f"»{tail}", text)


def _quoted(mark: re.Match[str], quote: str) -> str:
    return f"«{quote}{mark[1]}{quote}»" if re.fullmatch(r"[\w./:@-]+", mark[1]) else mark[0]


LAYOUTS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "no newline at the end": lambda text: text.rstrip("\n"),
    "indented as a whole": lambda text: text if _MARKERS.search(text) else re.sub(r"(?m)^(?=.)", "   ", text),
    "a header": lambda text: f"# © Acme — héader 🎉\n\n{text}" if not text.startswith("%") else text,
    "a marker line": lambda text: text if text.startswith(("%", "---")) else f"---\n{text}",
    "comments behind": lambda text: _ends(text, " # ← {{ here }}: «keep»".replace("«", "<").replace("»", ">")),
    "tabs before comments": lambda text: _ends(text, "\t# c"),
    "spaces behind": lambda text: _ends(text, "   "),
    "more lines behind": lambda text: text if re.search(r"(?m)^\.\.\.$", text) else text.rstrip("\n") + "\n\n\n# end\n",
    "double quotes": lambda text: MARK.sub(lambda mark: _quoted(mark, '"'), text),
    "single quotes": lambda text: MARK.sub(lambda mark: _quoted(mark, "'"), text),
    "an end marker": lambda text: text if re.search(r"(?m)^\.\.\.$", text) else text.rstrip("\n") + "\n...\n",
}


@dataclass(frozen=True)
class Case:
    """One value of one file in one layout."""

    file: str
    place: str
    before: str
    """The text up to the value."""
    old: str
    after: str
    """The text behind the value."""
    new: Plain

    @property
    def data(self) -> bytes:
        return f"{self.before}{self.old}{self.after}".encode()

    @property
    def target(self) -> Target:
        where, _, path = self.place.rpartition(" ") if self.file == "many.yaml" else ("", "", self.place)
        name, _, namespace = where.partition("/")
        document = {"kind": "ConfigMap", "name": name, **({"namespace": namespace} if namespace else {})}
        given = {"file": self.file, "path": path} | ({"where": document} if where else {})
        return Target.model_validate({"yaml": given})


def _cases(file: str, layout: Callable[[str], str], news: Iterator[Plain]) -> Iterator[Case]:
    text = layout((CORPUS / file).read_text())
    marks = list(MARK.finditer(text))
    assert len(marks) == len(PLACES[file])
    for mark, place in zip(marks, PLACES[file], strict=True):
        before, after = (MARK.sub(r"\1", part) for part in (text[: mark.start()], text[mark.end() :]))
        new = next(news)
        yield Case(file, place, before, mark[1], after, str(new) if before.endswith("!!str ") else new)


@cache
def _all() -> tuple[tuple[str, tuple[Case, ...]], ...]:
    news = cycle(NEW)
    return tuple(
        (f"{file}, {name}", tuple(_cases(file, layout, news))) for name, layout in LAYOUTS.items() for file in PLACES
    )


def test_the_corpus_has_hundreds_of_files() -> None:
    assert set(PLACES) == {path.name for path in CORPUS.glob("*.y*ml")}
    assert len({b"".join(case.data for case in cases) for _, cases in _all() if cases}) >= 300


@pytest.mark.parametrize("cases", [pytest.param(cases, id=name) for name, cases in _all() if cases])
def test_only_the_bytes_of_the_value_change(cases: tuple[Case, ...]) -> None:
    for case in cases:
        tree = Files({case.file: case.data})
        changes = edits.put(case.target, case.new, tree)
        after = tree.changed(changes)
        text = after.files[case.file].decode()
        assert text.startswith(case.before), case
        assert text.endswith(case.after), case
        literal = text[len(case.before) : len(text) - len(case.after)]
        assert _meaning(literal) == case.new, (case, literal)
        assert edits.get(case.target, after) == edits.get(
            case.target, after.changed(edits.put(case.target, case.new, after))
        )
        assert edits.put(case.target, case.new, after) == (), case


def _meaning(literal: str) -> Any:
    """What both generations of YAML read; they must agree."""
    old, new = (read(literal.strip()) for read in (yaml.safe_load, YAML(typ="safe", pure=True).load))
    assert old == new, literal
    return old
