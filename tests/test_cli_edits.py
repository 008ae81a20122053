# ruff: noqa: E501 - a row of a table stays a row
"""`set` and `get` as a person or a script uses them: output, exit codes, and what stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_bot.adapters.folder import Folder
from gitops_bot.cli.edits import meant, split_image
from gitops_bot.cli.orders import Desk, answers, edit_of, order
from gitops_bot.edits import sense
from gitops_bot.errors import UsageError
from gitops_bot.model import Version
from gitops_bot.policy.places import PLACES
from tests.support.commands import Bot, Done, runner

D1, D2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64
KUSTOMIZATION = "images:\n- name: ghcr.io/acme/checkout # ours\n  newTag: 1.9.0   # promoted\n"
VALUES = """\
image: {tag: "1.9"}   # by CI
replicas: 3
debug: false
quoted: '5'
price: 1.9
list:
- name: a
  v: 1
"""
TWO = "kind: A\nmetadata: {name: x}\nv: 1\n---\nkind: B\nmetadata: {name: x, namespace: n}\nv: 1\n"
FILES = {"overlays/prod/kustomization.yaml": KUSTOMIZATION, "values.yaml": VALUES, "two.yaml": TWO}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.fixture
def bot(repo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    """Commands in the repository's folder."""
    monkeypatch.chdir(repo)
    return runner(monkeypatch, capsys)


def changed(repo: Path) -> dict[str, str]:
    """The files that are not as they were."""
    now = {path: (repo / path).read_text() for path in FILES}
    return {path: text for path, text in now.items() if text != FILES[path]}


# ---------------------------------------------------------------- set


@pytest.mark.parametrize(
    ("arguments", "said", "file", "old", "new"),
    [
        (
            ["image", "overlays/prod", "ghcr.io/acme/checkout:1.10.0"],
            "overlays/prod/kustomization.yaml: images[name=ghcr.io/acme/checkout].newTag: 1.9.0 → 1.10.0",
            "overlays/prod/kustomization.yaml",
            "1.9.0  ",
            "1.10.0  ",
        ),
        (["helm", "values.yaml", "image.tag", "1.10"], "values.yaml: image.tag: 1.9 → 1.10", "values.yaml", '"1.9"', '"1.10"'),
        (["yaml", "values.yaml", "replicas", "5"], "values.yaml: replicas: 3 → 5", "values.yaml", "replicas: 3", "replicas: 5"),
        (["yaml", "./values.yaml", "debug", "true"], "values.yaml: debug: false → true", "values.yaml", "false", "true"),
        (["yaml", "values.yaml", "quoted", "6"], "values.yaml: quoted: 5 → 6", "values.yaml", "'5'", "'6'"),
        (["yaml", "values.yaml", "price", "1.10"], "values.yaml: price: 1.9 → 1.10", "values.yaml", "price: 1.9", 'price: "1.10"'),
        (["yaml", "values.yaml", "replicas", "many"], "values.yaml: replicas: 3 → many", "values.yaml", "replicas: 3", "replicas: many"),
        (["yaml", "values.yaml", "replicas", "5", "--type", "string"], "values.yaml: replicas: 3 → 5", "values.yaml", "replicas: 3", 'replicas: "5"'),
        (["yaml", "values.yaml", "quoted", "6", "--type", "integer"], "values.yaml: quoted: 5 → 6", "values.yaml", "'5'", "6"),
        (["yaml", "values.yaml", "replicas", "--", "-1"], "values.yaml: replicas: 3 → -1", "values.yaml", "replicas: 3", "replicas: -1"),
        (["yaml", "values.yaml", "list[name=a].v", "2"], "values.yaml: list[name=a].v: 1 → 2", "values.yaml", "v: 1", "v: 2"),
        (["yaml", "two.yaml", "v", "2", "--kind", "B"], "two.yaml: v (kind B): 1 → 2", "two.yaml", "n}\nv: 1", "n}\nv: 2"),
        (["yaml", "two.yaml", "v", "2", "--namespace", "n", "--name", "x"], "two.yaml: v (name x, namespace n): 1 → 2", "two.yaml", "n}\nv: 1", "n}\nv: 2"),
        (["edit", "{helmValue: {file: values.yaml, key: replicas}, set: weight}", "50"], "values.yaml: replicas: 3 → 50", "values.yaml", "replicas: 3", "replicas: 50"),
        (["edit", '{"yaml": {"file": "values.yaml", "path": "replicas"}}', "50"], "values.yaml: replicas: 3 → 50", "values.yaml", "replicas: 3", "replicas: 50"),
    ],
)  # fmt: skip
def test_one_value_is_set_and_said(
    bot: Bot, repo: Path, arguments: list[str], said: str, file: str, old: str, new: str
) -> None:
    assert bot("set", *arguments) == Done(0, f"{said}\n", "")
    assert changed(repo) == {file: FILES[file].replace(old, new)}
    assert bot("set", *arguments) == Done(0, "", "Nothing to do.\n")


def test_a_diff_is_what_git_would_show(bot: Bot, repo: Path) -> None:
    done = bot("set", "yaml", "values.yaml", "replicas", "5", "--diff")
    assert done.out.splitlines()[:3] == ["--- a/values.yaml", "+++ b/values.yaml", "@@ -1,5 +1,5 @@"]
    assert [line for line in done.out.splitlines()[3:] if line[0] in "+-"] == ["-replicas: 3", "+replicas: 5"]


def test_a_dry_run_writes_nothing_and_says_so_by_its_exit_code(bot: Bot, repo: Path) -> None:
    done = bot("set", "yaml", "values.yaml", "replicas", "5", "--dry-run")
    assert done == Done(1, "values.yaml: replicas: 3 → 5\n", "")
    assert changed(repo) == {}
    assert bot("set", "yaml", "values.yaml", "replicas", "3", "--dry-run").code == 0


def test_files_are_named_below_the_repository(bot: Bot, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo / "overlays")
    assert bot("set", "yaml", "values.yaml", "replicas", "5", "--repo", repo).code == 0
    assert bot("set", "--repo", repo, "yaml", "values.yaml", "replicas", "6").code == 0
    assert bot("get", "yaml", "values.yaml", "replicas", "--repo", repo).out == "6\n"
    assert bot("get", "--repo", repo, "yaml", "values.yaml", "replicas").out == "6\n"
    assert bot("get", "yaml", "values.yaml", "replicas").code == 2


def test_flags_have_their_variables(bot: Bot, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_BOT_SET_YAML_DRY_RUN", "1")
    assert bot("set", "yaml", "values.yaml", "replicas", "5").code == 1
    monkeypatch.setenv("GITOPS_BOT_SET_DRY_RUN", "1")
    assert bot("set", "image", "overlays/prod", "ghcr.io/acme/checkout:2").code == 1
    assert changed(repo) == {}


def test_a_key_is_added_and_removed(bot: Bot, repo: Path) -> None:
    assert bot("set", "yaml", "values.yaml", "extra.size", "5", "--create", "--type", "integer").code == 0
    assert (repo / "values.yaml").read_text() == VALUES + "extra:\n  size: 5\n"
    assert bot("set", "yaml", "values.yaml", "extra", "--remove").out == "values.yaml: extra: present → (nothing)\n"
    assert changed(repo) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["image", "overlays/prod", "ghcr.io/acme/checkout"], "is no image with a version. Write NAME:TAG"),
        (["image", "overlays/prod", "a=b:1"], "is no image with a version"),
        (["image", "nowhere", "a:1"], "nowhere: the folder has no kustomization.yaml"),
        (["yaml", "values.yaml", "replica", "5"], "values.yaml:1: the document has no key `replica`. Did you mean `replicas`?"),
        (["yaml", "values.yaml", "replicas"], "give either a VALUE or --remove"),
        (["yaml", "values.yaml", "replicas", "5", "--remove"], "give either a VALUE or --remove"),
        (["yaml", "values.yaml", "replicas", "five", "--type", "integer"], "'five' is no integer"),
        (["yaml", "values.yaml", "replicas", "5", "--type", "boolean"], "'5' is neither true nor false"),
        (["yaml", "values.yaml", "debug", "yes"], "readers disagree whether 'yes' is a truth value"),
        (["yaml", "values.yaml", "list", "5"], "`list` is a list, not a single value"),
        (["yaml", "two.yaml", "v", "5"], "2 documents match: A x (line 1), B n/x (line 5)"),
        (["yaml", "missing.yaml", "v", "5"], "missing.yaml: the file is not in the repository"),
        (["yaml", "overlays", "v", "5"], "`overlays` is a folder, and only regular files are edited"),
        (["yaml", "../x.yaml", "v", "5"], "yaml.file: '../x.yaml' leaves the repository"),
        (["edit", "[1]", "5"], "EDIT is a mapping like"),
        (["edit", "{a: [", "5"], "EDIT is not YAML"),
        (["edit", "{yml: {file: f, path: p}}", "5"], "yml: unknown key (did you mean yaml?)"),
        (["edit", "{set: weight}", "5"], "an edit has exactly one place, this one has 0"),
        (["edit", "{yaml: {file: values.yaml, path: replicas}, set: weight}", "101"], "'101' is no weight from 0 to 100"),
        (["edit", "{yaml: {file: values.yaml, path: replicas}, set: weight}", "5", "--type", "string"], "--type goes without"),
        (["edit", "{yaml: {file: values.yaml, path: price}, set: version, value: 'v{{ tag }}'}", "2"], "which is not of the form"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_a_sentence(
    bot: Bot, repo: Path, arguments: list[str], sentence: str
) -> None:
    done = bot("set", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert sentence in done.err
    assert changed(repo) == {}


def test_what_others_share_is_set_when_that_is_said(bot: Bot, repo: Path) -> None:
    (repo / "f.yaml").write_text("a: &x 1\nb: *x\n")
    refused = bot("set", "yaml", "f.yaml", "a", "2")
    assert refused.code == 2
    assert "line 2 would change too" in refused.err
    assert bot("set", "yaml", "f.yaml", "a", "2", "--shared-anchors", "allow").code == 0
    assert (repo / "f.yaml").read_text() == "a: &x 2\nb: *x\n"


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("nginx:1.27", "nginx", Version("1.27")),
        ("registry:5000/a/b:v1", "registry:5000/a/b", Version("v1")),
        (f"registry:5000/a/b@{D1}", "registry:5000/a/b", Version("", D1)),
        (f"ghcr.io/a/b:v1@{D1}", "ghcr.io/a/b", Version("v1", D1)),
    ],
)
def test_an_image_is_split_at_its_tag(text: str, name: str, version: Version) -> None:
    assert split_image(text) == (name, version)


@pytest.mark.parametrize("text", ["registry:5000/a/b", "a:", ":1", "a@", "", "a=b:1", "@sha256:1"])
def test_an_image_without_a_name_or_a_version_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no image with a version"):
        split_image(text)


@pytest.mark.parametrize(
    ("text", "kind", "old", "value"),
    [
        ("5", None, 3, 5),
        ("-5", None, 3, -5),
        ("05", None, 3, "05"),
        ("5", None, "3", "5"),
        ("5", None, None, "5"),
        ("5", None, True, "5"),
        ("1.5", None, 3, "1.5"),
        ("true", None, False, True),
        ("true", None, "no text", "true"),
        ("on", None, "a word", "on"),
        ("off", None, "off", "off"),
        ("5", "integer", "x", 5),
        ("5", "string", 3, "5"),
        ("true", "boolean", 3, True),
        ("true", "string", False, "true"),
        ("no", "string", "yes", "no"),
    ],
)
def test_a_value_has_the_type_of_what_stands_there(text: str, kind: str | None, old: Any, value: Any) -> None:
    found = meant(text, kind, old)
    assert (type(found), found) == (type(value), value)


# ---------------------------------------------------------------- get


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        (["image", "overlays/prod", "ghcr.io/acme/checkout"], "1.9.0\n"),
        (["helm", "values.yaml", "image.tag"], "1.9\n"),
        (["yaml", "values.yaml", "debug"], "false\n"),
        (["yaml", "values.yaml", "list[0].v"], "1\n"),
        (["yaml", "two.yaml", "metadata.namespace", "--kind", "B"], "n\n"),
        (["edit", "{yaml: {file: values.yaml, path: replicas}, set: weight}"], "3\n"),
    ],
)
def test_one_value_is_printed(bot: Bot, arguments: list[str], out: str) -> None:
    assert bot("get", *arguments) == Done(0, out, "")


def test_what_is_not_there_is_said(bot: Bot) -> None:
    done = bot("get", "yaml", "values.yaml", "image.tagg")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: values.yaml:1: `image` has no key `tagg`. Did you mean `tag`?")


# ---------------------------------------------------------------- set --batch


def place(path: str, file: str = "values.yaml", **more: Any) -> dict[str, Any]:
    return {"yaml": {"file": file, "path": path, **more}}


def line(path: str, given: Any, file: str = "values.yaml", **more: Any) -> str:
    return json.dumps({"edit": {**place(path, file), **more}, "value": given})


@pytest.fixture
def batch(bot: Bot, repo: Path) -> Any:
    """Carries out lines: exit code, answers."""

    def run(*lines: str | bytes, dry: bool = False) -> tuple[int, list[dict[str, Any]]]:
        encoded = [one.encode() if isinstance(one, str) else one for one in lines]
        (repo / "orders.jsonl").write_bytes(b"\n".join(encoded))
        done = bot("set", "--batch", repo / "orders.jsonl", "--repo", repo, *(["--dry-run"] if dry else []))
        assert done.err == ""
        return done.code, [json.loads(one) for one in done.out.splitlines()]

    return run


def test_each_line_is_answered_in_order(batch: Any, repo: Path) -> None:
    code, answers = batch(
        line("replicas", 5),
        line("replicas", 5),
        "",
        line("replicas", "5"),
        line("debug", True),
        line("price", "1.10"),
        line("image.tag", "1.10", set="version"),
        line("list[0].v", "40", set="weight"),
        json.dumps(
            {"edit": {"kustomizeImage": {"path": "overlays/prod", "name": "ghcr.io/acme/checkout"}}, "value": "2"}
        ),
    )
    assert code == 0
    assert answers == [
        {"changed": True, "old": 3, "new": 5, "error": None},
        {"changed": False, "old": 5, "new": 5, "error": None},
        {"changed": True, "old": 5, "new": "5", "error": None},
        {"changed": True, "old": False, "new": True, "error": None},
        {"changed": True, "old": "1.9", "new": "1.10", "error": None},
        {"changed": True, "old": "1.9", "new": "1.10", "error": None},
        {"changed": True, "old": 1, "new": 40, "error": None},
        {"changed": True, "old": "1.9.0", "new": "2", "error": None},
    ]
    assert (repo / "values.yaml").read_text() == (
        'image: {tag: "1.10"}   # by CI\nreplicas: "5"\ndebug: true\nquoted: \'5\'\nprice: "1.10"\nlist:\n- name: a\n  v: 40\n'
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("not json", "the line is no JSON"),
        (b"\xff\xfe", "the line is no JSON"),
        ("[" * 100_000, "it nests too deep"),
        ('{"edit": {}, "edit": {}}', "a key is there twice"),
        ("[]", "an order is an object like"),
        ('{"value": 1}', "an order is an object like"),
        ('{"edit": [], "value": 1}', "an edit is a mapping like"),
        ('{"edit": {"yaml": {"file": "\\ud800", "path": "a"}}, "value": 1}', "an edit is a mapping like"),
        ('{"edit": {"yaml": {"file": "f"}}, "value": 1}', "yaml.path: is missing; expected text"),
        ('{"edit": {"yaml": {"file": "f", "path": 5}}, "value": 1}', "yaml.path: must be text"),
        ('{"edit": {"yaml": {"file": "f", "path": "a"}, "set": "wieght"}, "value": 1}', "set: 'wieght' is not one of"),
        (json.dumps({"edit": place("replicas"), "value": 5, "type": "string"}), "has edit, value and remove, not 'type'"),
        (json.dumps({"edit": place("replicas")}), "either a value or remove: true"),
        (json.dumps({"edit": place("replicas"), "value": 5, "remove": True}), "either a value or remove: true"),
        (json.dumps({"edit": place("replicas"), "remove": 1}), "either a value or remove: true"),
        (line("replicas", 1.5), "1.5 is no whole number. Write it as text"),
        ('{"edit": {"yaml": {"file": "f", "path": "a"}}, "value": NaN}', "nan is no whole number"),
        (line("replicas", None), 'Say "remove": true'),
        (line("replicas", [1]), "a list or a mapping is only written where nothing is. Say `create: true`"),
        (line("replicas", 10**30), "would be read back as"),
        (line("replicas", True, set="weight"), "'True' is no weight from 0 to 100"),
        (line("image.tag", 2, set="version"), "'2' is no version"),
        (line("image.tag", "", set="version"), "'' is no version"),
        (line("image.tag", "2", set="version", value="v{{ weight }}"), "spells a weight, and the edit sets stableVersion"),
        (line("nothing.here", 1), "has no key `nothing`"),
        (line("a", 1, "binary.yaml"), "the file is not UTF-8 text"),
        (line("a", 1, "overlays"), "`overlays` is a folder"),
        (line("a", 1, "link.yaml"), "`link.yaml` is a link"),
        (line("a", 1, "deep.yaml"), "nests deeper than"),
        (line("a", 1, "template.yaml"), "a template"),
        (line("image.tag", "\ud800"), "cannot be written"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_done_is_answered_and_the_next_one_is_done(
    batch: Any, repo: Path, given: str | bytes, sentence: str
) -> None:
    (repo / "binary.yaml").write_bytes(b"a: \xff\n")
    (repo / "link.yaml").symlink_to("values.yaml")
    (repo / "deep.yaml").write_text("a: " + "[" * 5000)
    (repo / "template.yaml").write_text("{{ if x }}\na: 1\n{{ end }}\n")
    code, (refused, done) = batch(given, line("quoted", "6"))
    assert code == 2
    assert refused["changed"] is False
    assert refused["old"] == refused["new"]
    assert sentence in refused["error"]
    assert done == {"changed": True, "old": "5", "new": "6", "error": None}
    assert changed(repo) == {"values.yaml": VALUES.replace("'5'", "'6'")}


def test_lines_add_and_remove(batch: Any, repo: Path) -> None:
    code, answers = batch(
        json.dumps({"edit": place("a.b", create=True), "value": {"c": [1, "two"]}}),
        json.dumps({"edit": place("a.b.c[1]"), "value": "three"}),
        json.dumps({"edit": place("list[name=a].v"), "remove": True}),
        json.dumps({"edit": place("list[name=a].v"), "remove": True}),
    )
    assert code == 2
    assert [(one["changed"], one["old"], one["new"]) for one in answers] == [
        (True, None, None),
        (True, "two", "three"),
        (True, 1, None),
        (False, None, None),
    ]
    assert (repo / "values.yaml").read_text().endswith("list:\n- name: a\na:\n  b:\n    c:\n    - 1\n    - three\n")


def test_the_answer_tells_what_was_written_where_the_place_is_chosen_by_it(batch: Any, repo: Path) -> None:
    code, answers = batch(json.dumps({"edit": place("list[name=a].name"), "value": "b"}))
    assert (code, answers) == (0, [{"changed": True, "old": "a", "new": "b", "error": None}])
    assert changed(repo) == {"values.yaml": VALUES.replace("name: a", "name: b")}


def test_a_dry_batch_sees_its_own_lines_and_writes_nothing(batch: Any, repo: Path) -> None:
    code, answers = batch(line("replicas", 5), line("replicas", 6), dry=True)
    assert code == 1
    assert [(one["old"], one["new"]) for one in answers] == [(3, 5), (5, 6)]
    assert changed(repo) == {}
    assert batch(line("replicas", 3), dry=True)[0] == 0


def test_batch_and_a_command_exclude_each_other(bot: Bot, repo: Path) -> None:
    (repo / "orders.jsonl").write_text("")
    both = bot("set", "--batch", "orders.jsonl", "yaml", "values.yaml", "replicas", "5")
    neither = bot("set")
    assert (both.code, neither.code) == (2, 2)
    assert "--batch goes without yaml" in both.err
    assert "Missing command, or --batch" in neither.err
    assert changed(repo) == {}


def test_a_script_gets_each_answer_before_it_gives_the_next_line(repo: Path) -> None:
    command = [sys.executable, "-m", "gitops_bot", "set", "--batch", "-", "--repo", str(repo)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for value in (4, 5):
            process.stdin.write(line("replicas", value) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["new"] == value
        process.stdin.close()
        assert process.wait(10) == 0


def test_help_says_the_exit_codes(bot: Bot) -> None:
    for command in (("set",), ("set", "yaml"), ("set", "image"), ("set", "helm"), ("set", "edit")):
        done = bot(*command, "--help")
        assert done.code == 0
        assert "1 --dry-run: something would change" in done.out
        assert "2 refused, or wrong usage: nothing was changed" in done.out


# ---------------------------------------------------------------- the guide


def fenced(language: str) -> list[str]:
    """The guide's blocks of one language."""
    guide = (Path(__file__).parents[1] / "docs" / "edits.md").read_text()
    return [
        block.removeprefix(f"{language}\n") for block in guide.split("```")[1::2] if block.startswith(f"{language}\n")
    ]


def test_the_guide_shows_every_place_as_a_policy_writes_it() -> None:
    (shown,) = fenced("yaml")
    all_given = [edit_of(one) for one in yaml.safe_load(shown)]
    assert {name for one in all_given for name in one.given} == set(PLACES)
    for one in all_given:
        (name,) = one.given
        assert sense(one).slot is one.set
        assert one.set is None or one.set in getattr(one, name).slots


def test_the_guide_shows_orders_that_are_understood() -> None:
    orders = [one for block in fenced("json") for one in block.splitlines() if one.startswith('{"edit"')]
    assert len(orders) == 4
    for one in orders:
        assert order(one.encode()).edit.given


# ---------------------------------------------------------------- for every line

SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
EDITS = st.fixed_dictionaries(
    {},
    optional={
        "yaml": st.fixed_dictionaries(
            {"file": st.sampled_from(["a.yaml", "b.yaml", "missing", ".", "\x00"]), "path": st.text(max_size=5) | st.sampled_from(["a", "b[0]", "c.d", "."])},
            optional={"create": st.booleans(), "where": SCRAPS},
        ),
        "set": st.sampled_from(["version", "weight", "candidateVersion"]) | SCRAPS,
        "value": st.sampled_from(["v{{ version }}", "{{ weight }}"]) | SCRAPS,
        "sharedAnchors": st.sampled_from(["allow", "refuse"]),
    },
) | SCRAPS  # fmt: skip
LINES = st.binary(max_size=40) | st.fixed_dictionaries(
    {}, optional={"edit": EDITS, "value": SCRAPS, "remove": st.booleans() | SCRAPS}
).map(lambda one: json.dumps(one).encode())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    root = tmp_path_factory.mktemp("small")
    (root / "a.yaml").write_text("a: 1\nb: [x]\nc: {d: &e v1}\n")
    (root / "b.yaml").write_bytes(b"- \xff")
    return Folder(root)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, min_size=1, max_size=5))
def test_every_line_has_an_answer_and_none_is_a_defect(small: Folder, lines: list[bytes]) -> None:
    said = [str(one) for one in answers(lines, Desk(small, dry=True))]
    assert len(said) == sum(bool(line.strip()) for line in lines)
    for one in map(json.loads, said):
        assert set(one) == {"changed", "old", "new", "error"}
        assert "a defect" not in (one["error"] or "")
