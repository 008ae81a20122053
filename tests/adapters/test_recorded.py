"""Recorded and remembered worlds: the hold rule, the look-up order, manifests as the API gives them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.adapters.recorded import MemoryCluster, MemoryMetrics, RecordedCluster, RecordedMetrics
from gitops_bot.errors import ClusterUnreachable
from gitops_bot.model import Kind, Missing, Query, Reading, Sample

T0 = 1714564800
START = datetime.fromtimestamp(T0, UTC)
ROLLOUT = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
ABSENT = "no data at this instant"


def recorded(folder: Path, *series: dict[str, Any]) -> RecordedMetrics:
    file = folder / "metrics.json"
    file.write_text(json.dumps({"series": series}))
    return RecordedMetrics(file)


def asked(metrics: RecordedMetrics, *seconds: float, expression: str = "up") -> list[float | str]:
    """What is read at some seconds after the start: the number, or the reason why there is none."""
    instants = [START + timedelta(seconds=each) for each in seconds]
    readings = [metrics.range(Query("prod", expression, at, at, timedelta(seconds=1)))[0] for at in instants]
    assert [reading.at for reading in readings] == instants
    return [number_or_reason(reading) for reading in readings]


def number_or_reason(reading: Reading) -> float | str:
    return reading.value if isinstance(reading, Sample) else reading.reason


def test_a_point_holds_for_five_minutes_and_not_before_itself(tmp_path: Path) -> None:
    metrics = recorded(tmp_path, {"query": "up", "points": [[T0, 3]]})
    assert asked(metrics, -1, 0, 299.9, 300) == [ABSENT, 3, 3, ABSENT]


def test_every_shortens_how_long_a_point_holds_but_never_lengthens_it(tmp_path: Path) -> None:
    short = recorded(tmp_path, {"query": "up", "points": [[T0, 3]], "every": 60})
    assert asked(short, 59, 60) == [3, ABSENT]
    long = recorded(tmp_path, {"query": "up", "points": [[T0, 3]], "every": 3600})
    assert asked(long, 299, 300) == [3, ABSENT]


def test_null_ends_what_was_before(tmp_path: Path) -> None:
    metrics = recorded(tmp_path, {"query": "up", "points": [[T0 + 60, None], [T0, 3], [T0 + 120, 4]]})
    assert asked(metrics, 30, 90, 120) == [3, ABSENT, 4]


def test_a_range_reads_one_number_per_instant(tmp_path: Path) -> None:
    metrics = recorded(tmp_path, {"query": "up", "points": [[T0, 1], [T0 + 60, 2]]})
    step = timedelta(seconds=30)
    readings = metrics.range(Query("prod", "up", START, START + 3 * step, step))
    assert readings == tuple(Sample(value, START + k * step) for k, value in enumerate((1, 1, 2, 2)))


def test_the_letter_goes_before_regular_expressions_and_those_fit_whole(tmp_path: Path) -> None:
    metrics = recorded(
        tmp_path,
        {"query": '~>errors\\{.*version="v2".*\\}', "points": [[T0, 1]]},
        {"query": "~>errors.*", "points": [[T0, 2]]},
        {"query": 'errors{version="v2"}', "points": [[T0, 3]]},
    )
    assert asked(metrics, 0, expression='errors{version="v2"}') == [3]
    assert asked(metrics, 0, expression='errors{\nversion="v2",pod="a"}') == [1]
    assert asked(metrics, 0, expression="errors[5m]") == [2]
    assert asked(metrics, 0, expression="rate(errors[5m])") == ["no data recorded for this query"]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"series": [{"query": "up"}]}', '{"series": [{"query": "~>(", "points": []}]}', 9000 * "["],
    ids=lambda text: text[:20],
)
def test_a_recording_that_cannot_be_read_is_missing(tmp_path: Path, text: str) -> None:
    (tmp_path / "metrics.json").write_text(text)
    [reason] = asked(RecordedMetrics(tmp_path / "metrics.json"), 0)
    assert str(reason).startswith(f"the recording {tmp_path}/metrics.json cannot be read")


def test_a_recording_that_is_not_there_is_missing(tmp_path: Path) -> None:
    [reason] = asked(RecordedMetrics(tmp_path / "none.json"), 0)
    assert "No such file" in str(reason)


def test_a_number_that_is_none_is_missing(tmp_path: Path) -> None:
    metrics = recorded(tmp_path, {"query": "up", "points": [[T0, float("nan")]]})
    assert asked(metrics, 0) == ["the value is nan"]


def test_memory_metrics_ask_for_expression_and_instant() -> None:
    metrics = MemoryMetrics(lambda expression, at: None if at > START else float(len(expression)))
    query = Query("prod", "up", START, START + timedelta(minutes=1), timedelta(minutes=1))
    assert metrics.range(query) == (Sample(2, START), Missing(ABSENT, START + timedelta(minutes=1)))


def rollout(name: str) -> str:
    return f"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: {name}}}\n"


def names(cluster: RecordedCluster, kind: Kind = ROLLOUT) -> list[str]:
    return [each["metadata"]["name"] for each in cluster.list(kind)]


def test_manifests_are_found_by_kind_in_files_documents_and_lists(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.yaml").write_text(f"---\n{rollout('one')}---\n---\nkind: Rollout\napiVersion: other/v1\n")
    (tmp_path / "sub" / "b.yml").write_text(rollout("two"))
    listed = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "three"}}
    (tmp_path / "sub" / "c.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [listed]}))
    (tmp_path / "notes.txt").write_text(rollout("no"))
    assert names(RecordedCluster(tmp_path)) == ["one", "two", "three"]


def test_a_kind_without_manifests_is_an_empty_list(tmp_path: Path) -> None:
    assert RecordedCluster(tmp_path).list(ROLLOUT) == ()


def test_manifests_are_read_anew_with_each_list(tmp_path: Path) -> None:
    cluster = RecordedCluster(tmp_path)
    (tmp_path / "a.yaml").write_text(rollout("one"))
    assert names(cluster) == ["one"]
    (tmp_path / "a.yaml").write_text(rollout("two"))
    assert names(cluster) == ["two"]


def test_times_are_strings_as_the_api_gives_them(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(rollout("one") + "status: {at: 2024-05-01T12:00:00Z}\n")
    [found] = RecordedCluster(tmp_path).list(ROLLOUT)
    assert found["status"]["at"] == "2024-05-01T12:00:00Z"


def test_the_core_group_has_no_slash(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n")
    assert names(RecordedCluster(tmp_path), Kind("", "v1", "services", "Service")) == ["web"]


@pytest.mark.parametrize("text", ["a: [", "a: !!python/object:os.system {}", "a: \x00"])
def test_a_manifest_that_is_not_yaml_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(ClusterUnreachable, match=r"bad\.yaml"):
        RecordedCluster(tmp_path).list(ROLLOUT)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnreachable, match="no such folder"):
        RecordedCluster(tmp_path / "none").list(ROLLOUT)


def test_memory_clusters_ask_for_the_kind() -> None:
    cluster = MemoryCluster(lambda kind: [{"kind": kind.name}])
    assert cluster.list(ROLLOUT) == ({"kind": "Rollout"},)


@pytest.mark.parametrize(("recorded", "asked"), [("v2beta1", "v2"), ("v2", "v2"), ("v2beta2", "v2")])
def test_an_object_is_served_in_whatever_version_of_its_group_it_was_recorded(
    tmp_path: Path, recorded: str, asked: str
) -> None:
    text = f"apiVersion: helm.toolkit.fluxcd.io/{recorded}\nkind: HelmRelease\nmetadata: {{name: web}}\n"
    (tmp_path / "a.yaml").write_text(text)
    kind = Kind("helm.toolkit.fluxcd.io", asked, "helmreleases", "HelmRelease")
    assert names(RecordedCluster(tmp_path), kind) == ["web"]


def test_a_version_that_reads_otherwise_and_another_group_are_not_served(tmp_path: Path) -> None:
    others = ("iter8.tools/v1alpha2", "argoproj.io/v2alpha2")
    text = "---\n".join(f"apiVersion: {one}\nkind: Experiment\nmetadata: {{name: web}}\n" for one in others)
    (tmp_path / "a.yaml").write_text(text)
    assert names(RecordedCluster(tmp_path), Kind("iter8.tools", "v2alpha2", "experiments", "Experiment")) == []
