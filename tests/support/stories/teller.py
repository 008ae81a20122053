"""Plays a story by real ticks: git, the local forge, recorded clusters and metrics, a clock that the story moves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from gitops_bot import edits, tick
from gitops_bot.adapters.local import LocalForge
from gitops_bot.errors import EditError
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.loading import Source, load_config
from gitops_bot.policy.schema import HandEdit
from gitops_bot.wiring import Options, local_forge, opened
from tests.edits.trees import Files
from tests.support.environment import Environment
from tests.support.registry import FakeRegistry
from tests.support.stories.pages import Pages, Pull
from tests.support.stories.script import Commit, Deed, Moment, Running, Script

POLICIES = Path(__file__).parents[3] / "policies"
REPOSITORY = "environments"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

Object = dict[str, Any]
_Named = tuple[str, str, str]


def told(folder: Path, room: Path) -> Pages:
    """A story's pages, played in an empty room."""
    script = Script.read(folder)
    with FakeRegistry(dict(script.images), private=False).running() as registry:
        story = _Story(script, folder, room, registry)
        try:
            with opened(story.config, Options(story)) as jobs:
                for moment in script.ticks:
                    story.play(jobs[REPOSITORY], moment)
                story.rests(jobs[REPOSITORY])
        except Exception:
            print("\n".join(story.pages.lines))  # noqa: T201 - how far it came, for who writes the story
            raise
    return story.pages


def _address(who: str) -> str:
    return f"{who} <{who.split(maxsplit=1)[0].lower()}@acme.example>"


@dataclass
class _Story:
    """The world of a story; it is the bot's clock, too."""

    script: Script
    folder: Path
    room: Path
    registry: FakeRegistry
    config: BotConfig = field(init=False)
    pages: Pages = field(init=False)
    time: datetime = field(init=False)
    git: Environment = field(init=False)
    objects: dict[str, dict[_Named, Object]] = field(default_factory=dict)
    series: dict[str, dict[str, list[list[float | None]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files = {name: (POLICIES / name).read_text(encoding="utf-8") for name in self.script.policies}
        self.pages = Pages(self.script, files)
        self.git = Environment(self.room / "environments.git")
        self.time = self.script.begins - DAY * (len(self.script.history) + 1)
        first = {str(one.relative_to(self._files)): one.read_text() for one in self._files.rglob("*") if one.is_file()}
        self.git.commit(
            {**first, **{f"policies/{name}": text for name, text in files.items()}}, at=self.time, who=_address("Ann")
        )
        for commit in self.script.history:
            self.time += DAY
            self._commit(commit)
        self.pages.lines.clear()
        self.time = self.script.begins
        self.config = load_config(Source("gitops-bot.yaml", yaml.safe_dump(self._configured()).encode()))
        self._run(self.script.runs)
        self._place(self.script.clusters)
        self._write()

    @property
    def _files(self) -> Path:
        return self.folder / "repository"

    def now(self) -> datetime:
        """Where the story is."""
        return self.time

    # ------------------------------------------------------------ the configuration, with adapters of this machine

    def _configured(self) -> Object:
        config: Object = yaml.safe_load((POLICIES / "gitops-bot.yaml").read_text(encoding="utf-8"))
        spec: Object = _merged(config["spec"], self.script.config)
        repository = spec["repositories"][REPOSITORY]
        repository |= {"url": str(self.git.path), "forge": "local"}
        for name in ("tokenFrom", "app"):
            repository.pop(name, None)
        for name, cluster in spec["clusters"].items():
            spec["clusters"][name] = {"recorded": str(self._cluster(name)), "metrics": cluster["metrics"]}
        spec["metrics"] = {name: {"recorded": {"file": str(self.room / f"{name}.json")}} for name in spec["metrics"]}
        registries = {"ghcr.io": {"url": self.registry.url}}
        return {**config, "spec": {**spec, "registries": registries, "cache": str(self.room / "cache")}}

    def _cluster(self, name: str) -> Path:
        folder = self.room / "clusters" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # ------------------------------------------------------------ what happens

    def play(self, job: tick.Job, moment: Moment) -> None:
        """All that happens, and then a tick."""
        self._measure(moment)
        self.time = moment.at
        self.pages.chapter(moment.at, moment.says)
        self.registry.images |= moment.images
        for commit in moment.commits:
            self._commit(commit)
        for deed in moment.people:
            self.pages.line(self._do(deed))
        self._run(moment.runs)
        self._place(moment.clusters)
        self._write()
        report = tick.run(job)
        for plan in report.plans:
            self.pages.news(plan.policy, f"**{plan.step.kind.value}** — {plan.step.reason}")
            shut = "; ".join(
                f"{gate.name} is closed: {gate.reason}" for gate in plan.gates if not gate.open and not gate.merging
            )
            self.pages.news(f"{plan.policy}: gates", shut)
        for failure in report.failures:
            self.pages.line(f"`{failure.subject}` fails: {failure.error}")
        pulls = self._pulls()
        self.pages.done(report.receipts, pulls)
        self.pages.see(pulls)

    def rests(self, job: tick.Job) -> None:
        """A world in which nothing changes leads to no writes."""
        before = self.git.snapshot()
        report = tick.run(job)
        assert report.receipts == []
        assert self.git.snapshot() == before

    def _forge(self, who: str) -> LocalForge:
        return local_forge(self.config.spec.repositories[REPOSITORY], self, who=_address(who))

    def _do(self, deed: Deed) -> str:
        forge = self._forge(deed.who)
        records = {one.number: one for one in forge.everything()}
        match deed:
            case Deed(merge=int(number)):
                forge.merge(number, head=records[number].head, title=records[number].title)
                return f"{deed.who} merges #{number}"
            case Deed(close=int(number)):
                forge.close(number)
                return f"{deed.who} closes #{number}"
            case Deed(approve=int(number)):
                forge.review(number, approve=True)
                return f"{deed.who} approves #{number}"
            case Deed(object=int(number)):
                forge.review(number, approve=False)
                return f"{deed.who} asks for changes on #{number}"
            case Deed(label=int(number)):
                forge.decorate(number, labels=[deed.says], reviewers=[])
                return f"{deed.who} labels #{number} `{deed.says}`"
            case Deed(comment=int(number)):
                forge.comment(number, deed.says, key=self.time.isoformat())
                return f"{deed.who} on #{number}: `{deed.says}`"
        raise AssertionError(f"{deed} says nothing")

    def _commit(self, one: Commit) -> None:
        if one.begins:
            self.git.git("branch", one.branch, one.begins)
        files = {**one.files, **self._set(one)}
        for path, texts in one.replace.items():
            text = self.git.read(path, one.branch)
            for old, new in texts.items():
                assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
                text = text.replace(old, new)
            files[path] = text
        for path, template in one.made.items():
            files[path] = self.git.read(template, one.branch).replace("{{ tag }}", one.version)
        if files:
            self.git.commit(files, at=self.time, who=_address(one.who), branch=one.branch, message=one.says)
            self.pages.line(f"{one.who} commits to `{one.branch}`: {one.says}")

    def _set(self, one: Commit) -> dict[str, str]:
        """What `gitops-bot set edit` answers, and what it changes."""
        changed: dict[str, str] = {}
        tree = self._tree(one.branch) if one.set else Files({})
        for order in one.set:
            self.pages.line(f"{one.who}: `gitops-bot set edit '{yaml_line(order.edit)}' {order.value}`")
            try:
                changes = edits.put(HandEdit.model_validate(order.edit), order.value, tree)
            except EditError as error:
                self.pages.line(f"refused: {error}")
                continue
            tree = tree.changed(changes)
            for change in changes:
                changed[change.path] = (change.after or b"").decode()
                moves = (f"{move.place}: {move.old} → {move.new}" for move in change.moves)
                self.pages.line(f"`{', '.join(moves)}`")
        return changed

    def _tree(self, branch: str) -> Files:
        paths = self.git.git("ls-tree", "-r", "--name-only", branch).split("\n")
        return Files({path: self.git.read(path, branch).encode() for path in paths if path})

    # ------------------------------------------------------------ what is seen

    def _run(self, given: Running) -> None:
        for cluster, workloads in given.items():
            self._place({cluster: [_deployment(name, image, self.time) for name, image in workloads.items()]})

    def _place(self, given: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        for cluster, objects in given.items():
            known = self.objects.setdefault(cluster, {})
            for one in objects:
                metadata = one["metadata"]
                name = (str(one["kind"]), str(metadata.get("namespace", "")), str(metadata["name"]))
                if one.get("gone"):
                    del known[name]
                else:
                    known[name] = _merged(known.get(name, {}), one)

    def _measure(self, moment: Moment) -> None:
        """One value a minute since the tick before; a query that is not measured has a gap."""
        for server, values in moment.metrics.items():
            known = self.series.setdefault(server, {})
            at = self.time
            while (at := at + MINUTE) <= moment.at:
                for query, value in values.items():
                    known.setdefault(query, []).append([at.timestamp(), value])

    def _write(self) -> None:
        head = self.git.heads()["main"]
        for name in self.config.spec.clusters:
            text = json.dumps({"kind": "List", "items": [*self.objects.get(name, {}).values()]})
            (self._cluster(name) / "objects.json").write_text(text.replace("{{ base }}", head))
        for name in self.config.spec.metrics:
            series = [
                {"query": query, "points": points, "every": 60} for query, points in self.series.get(name, {}).items()
            ]
            (self.room / f"{name}.json").write_text(json.dumps({"series": series}))

    def _pulls(self) -> list[Pull]:
        forge = self._forge("Ann")
        return [Pull(one, forge.diff(one), forge.statuses(one.head)) for one in forge.everything()]


def _deployment(named: str, image: str, since: datetime) -> Object:
    namespace, _, name = named.partition("/")
    wrote = {"manager": "argocd-controller", "time": f"{since:%Y-%m-%dT%H:%M:%SZ}"}
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), 3)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "generation": 1,
            "managedFields": [{**wrote, "fieldsV1": {"f:spec": {"f:template": {}}}}],
        },
        "spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
        "status": {"observedGeneration": 1, **counts},
    }


def yaml_line(value: Any) -> str:
    """A value as one line."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).strip()


def _merged(old: Any, new: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(new, Mapping):
        return new
    before = old if isinstance(old, Mapping) else {}
    after = {**before, **{key: _merged(before.get(key), value) for key, value in new.items()}}
    return {key: value for key, value in after.items() if value is not None}
