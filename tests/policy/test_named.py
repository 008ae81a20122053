"""What policies call each other, where all of a folder are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_bot.cli.validate import check
from gitops_bot.sources import are_whole

POLICY = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: PromotionPolicy
metadata: {{name: {name}}}
spec:
  repository: {repository}
  candidate: {candidate}
  strategy: {{promote: {{}}}}
  gates: {gates}
  edits: [{{yaml: {{file: {name}.yaml, path: v}}, set: version}}]
"""
PIPELINE = """\
apiVersion: gitops-bot.dev/v1alpha1
kind: PromotionPipeline
metadata: {name: cart}
spec:
  repository: environments
  gates: {soak: {for: 1h, environments: [cart-dve]}}
  edits: [{yaml: {file: "{{ stage }}.yaml", path: v}, set: version}]
  environments:
    - {name: dev, candidate: {slot: stableVersion}}
    - {name: eu, after: [dev]}
    - {name: us, after: [dev]}
"""


def policy(name: str, *environments: str, soak: str = "", repository: str = "environments") -> str:
    candidate = f"{{environments: [{', '.join(environments)}]}}" if environments else "{slot: stableVersion}"
    gates = f"{{soak: {{for: 1h, environments: [{soak}]}}}}" if soak else "{}"
    return POLICY.format(name=name, candidate=candidate, gates=gates, repository=repository)


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text)
    return path


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": policy("dev"), "b": policy("prod", "dev", soak="dev")}, []),
        (
            {"a": policy("cart-dev"), "b": policy("cart-prod", "cart-dve")},
            [
                "b.yaml:6:30: spec.candidate.environments[0]: cart-dve is the name of no policy of the repository "
                "environments (did you mean cart-dev?)"
            ],
        ),
        (
            {"a": policy("dev"), "b": policy("prod", "dev", soak="x")},
            ["b.yaml:8:42: spec.gates.soak.environments[0]: x is the name of no policy of the repository environments"],
        ),
        (
            {"a": policy("dev", repository="elsewhere"), "b": policy("prod", "dev")},
            [
                "b.yaml:6:30: spec.candidate.environments[0]: dev is of the repository elsewhere; environments are of "
                "one repository"
            ],
        ),
        (
            {"a": PIPELINE},
            [
                "a.yaml:6:42: spec.gates.soak.environments[0]: cart-dve is the name of no policy of the repository "
                "environments (did you mean cart-dev?)"
            ],
        ),
        ({"a": policy("prod", "gone") + "---\nkind: [\n"}, None),
    ],
)
def test_a_name_that_no_policy_has_is_an_error_of_the_whole_folder(
    tmp_path: Path, files: dict[str, str], said: list[str] | None
) -> None:
    found = [
        one["text"].split("\n")[0].removeprefix(f"{tmp_path}/") for one in check([folder(tmp_path, **files)]).problems
    ]
    if said is None:  # of a file that is broken nobody knows what it has
        assert not any("no policy of the repository" in one for one in found)
    else:
        assert found == said


def test_a_file_by_itself_may_name_what_lies_elsewhere(tmp_path: Path) -> None:
    folder(tmp_path, b=policy("prod", "dev"))
    assert check([tmp_path / "b.yaml"]).problems == []


def test_what_is_whole(tmp_path: Path) -> None:
    top = folder(tmp_path, a="", b="")
    (top / "notes.txt").write_text("")
    (top / "schema").mkdir()
    (top / "schema" / "x.json").write_text("")
    both = [top / "a.yaml", top / "b.yaml"]
    assert are_whole([top])
    assert are_whole(both)
    assert not are_whole(both[:1])
    folder(top, c="")
    assert not are_whole(both)
    assert are_whole([*both, top / "c.yaml"])
    (top / "more").mkdir()
    folder(top / "more", d="")
    assert not are_whole([*both, top / "c.yaml"])
    assert are_whole([*both, top / "c.yaml", top / "more"])


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    text = POLICY.format(name="shop", repository="environments", candidate="{slot: stableVersion}", gates="{}")
    (folder / "shop.yaml").write_text(text)
    (folder / "again.yaml").symlink_to("shop.yaml")
    for paths in ([folder], [folder, folder], [tmp_path, folder / "shop.yaml"], [folder / "shop.yaml", folder]):
        found = check(paths)
        assert (found.problems, found.checked) == ([], 1)
