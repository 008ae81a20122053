"""`judge` as people use it: files in, table, chart and verdict out; many runs line by line; rubbish refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.analysis.chart import bars, svg
from gitops_bot.analysis.judges import JUDGES
from gitops_bot.analysis.panels import panels
from gitops_bot.cli.judging import answers, case
from gitops_bot.policy.jsonschema import schema_of
from tests.conftest import Golden
from tests.support.commands import Bot, Done, runner

WORSE = [(4, 8), (3, 12), (5, 12), (5, 8), (1, 7), (2, 11)]
"""Bad events of candidate and baseline, of 200 and 1,800."""
FINE = [(1, 9), (0, 8), (2, 10), (1, 9), (0, 9), (1, 8), (1, 10), (1, 9), (0, 9), (2, 9), (1, 9), (0, 9)]


def counts(pairs: list[tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {"candidate": {"bad": own, "total": 200}, "baseline": {"bad": other, "total": 1800}} for own, other in pairs
    ]


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    monkeypatch.setenv("NO_COLOR", "1")
    return runner(monkeypatch, capsys)


Judge = Callable[..., Done]


@pytest.fixture
def judge(bot: Bot, tmp_path: Path) -> Judge:
    """`judge("run.csv", text, "--judge", …)`: the command on a file with this content."""

    def run(name: str, content: Any, *arguments: str | Path) -> Done:
        file = tmp_path / name
        file.write_bytes(
            content
            if isinstance(content, bytes)
            else (content if isinstance(content, str) else json.dumps(content)).encode()
        )
        return bot("judge", "--input", file, *arguments)

    return run


# ---------------------------------------------------------------- one run


def test_a_run_that_fails_golden(judge: Judge, golden: Golden, tmp_path: Path) -> None:
    done = judge("run.json", counts(WORSE), "--judge", "sequential", "--svg", tmp_path / "run.svg")
    assert (done.code, done.err) == (4, "")
    golden("judge/fail.txt", done.out)
    golden("judge/fail.svg", (tmp_path / "run.svg").read_text(encoding="utf-8"))
    ET.fromstring((tmp_path / "run.svg").read_text(encoding="utf-8"))


def test_a_recorded_range_that_is_undecided_golden(judge: Judge, golden: Golden) -> None:
    done = judge("run.json", PROMETHEUS, "--judge", "threshold", "--params", '{"max": "1%"}', *NAMED)
    assert (done.code, done.err) == (3, "")
    golden("judge/unknown.txt", done.out)


@pytest.mark.parametrize(
    ("pairs", "length", "code", "verdict"),
    [(WORSE, None, 4, "FAIL"), (FINE, None, 0, "PASS"), (FINE[:4], 60, 3, "UNKNOWN")],
)
def test_the_verdict_is_in_the_exit_code_and_in_every_output(
    judge: Judge, pairs: list[tuple[int, int]], length: int | None, code: int, verdict: str
) -> None:
    options = ["--judge", "sequential", *(["--length", str(length)] if length else [])]
    done = judge("run.json", counts(pairs), *options, "-o", "json")
    assert (done.code, done.json["verdict"]) == (code, verdict)
    assert [one["interval"] for one in done.json["intervals"]] == list(range(1, len(pairs) + 1))
    stood = [one["interval"] for one in done.json["intervals"] if one["verdict"] == verdict != "UNKNOWN"]
    assert stood == (list(range(done.json["decidedAt"], len(pairs) + 1)) if done.json["decidedAt"] else [])
    assert done.json["decidedAt"] is None or done.json["decidedAt"] >= 3
    assert done.json["length"] == (length or len(pairs))
    table = judge("run.json", counts(pairs), *options)
    assert (table.code, f"\n{verdict}: {done.json['reason']}\n" in table.out) == (code, True)
    assert f"verdict: {verdict}" in judge("run.json", counts(pairs), *options, "-o", "yaml").out


def test_the_file_may_say_judge_params_length_and_history(judge: Judge) -> None:
    order = {"judge": "threshold", "params": {"max": 1}, "length": 5, "intervals": [0, 1, 0], "history": [1, 2]}
    done = judge("run.json", order, "-o", "json")
    assert (done.json["judge"], done.json["length"], done.json["verdict"]) == ("threshold", 5, "UNKNOWN")
    assert judge("run.json", order, "--length", "3").code == 0
    assert judge("run.json", order, "--params", '{"max": 0.5}').code == 4
    assert judge("run.json", order, "--params", "{max: 0.5}").code == 4


def test_params_may_be_a_file(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("max: 1%\nfailureLimit: 1\n")
    done = judge("run.json", [0.02, 0.001, 0.001], "--judge", "threshold", "--params", tmp_path / "params.yaml")
    assert done.code == 0
    assert "1 tolerated" in done.out


CSV = """\
at,candidate.bad,candidate.total,baseline.bad,baseline.total
2026-03-02T08:01:00Z,4,200,8,1800
2026-03-02T08:02:00Z,3,200,12,1800
2026-03-02T08:03:00Z,,,12,1800

2026-03-02T08:04:00Z,5,200,NaN,1800
"""


def test_csv_rows_are_intervals(judge: Judge) -> None:
    done = judge("run.csv", CSV, "--judge", "sequential", "-o", "json")
    listed = [(one["at"], one["candidate"], one["baseline"]) for one in done.json["intervals"]]
    assert listed == [
        ("2026-03-02T08:01:00Z", {"bad": 4.0, "total": 200.0}, {"bad": 8.0, "total": 1800.0}),
        ("2026-03-02T08:02:00Z", {"bad": 3.0, "total": 200.0}, {"bad": 12.0, "total": 1800.0}),
        ("2026-03-02T08:03:00Z", {"missing": "not measured"}, {"bad": 12.0, "total": 1800.0}),
        ("2026-03-02T08:04:00Z", {"bad": 5.0, "total": 200.0}, {"missing": "bad is NaN"}),
    ]


@pytest.mark.parametrize("header", ["value", "Candidate Value", "candidate_value", "candidate.value"])
def test_csv_headers_are_read_as_people_write_them(judge: Judge, header: str) -> None:
    done = judge("run.csv", f"\ufeff{header}\r\n1\r\n2\r\n3\r\n", "--judge", "threshold", "--params", '{"max": 3}')
    assert done.code == 0


def series(version: str, values: list[str | None]) -> dict[str, Any]:
    points = [[1772440200 + 60 * at, value] for at, value in enumerate(values) if value is not None]
    return {"metric": {"version": version, "code": "5xx"}, "values": points}


PROMETHEUS = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            series("v2", ["0.004", "0.003", "NaN", None, "0.006", None]),
            series("v1", ["0.004", "0.003", "0.005", "0.004", "0.006", "0.005"]),
        ],
    },
}
NAMED = ("--series", 'candidate.value={version="v2"}', "--series", 'baseline.value={version="v1", code="5xx"}')
BOUND = ("--judge", "threshold", "--params", '{"max": "1%"}')


def test_prometheus_answers_are_read_as_the_bot_reads_them(judge: Judge) -> None:
    done = judge("range.json", PROMETHEUS, *BOUND, *NAMED, "-o", "json")
    said = [one["candidate"] for one in done.json["intervals"]]
    assert said[0] == {"value": 0.004}
    assert ["NaN" in said[2]["missing"], said[3], "gone" in said[5]["missing"]] == [
        True,
        {"missing": "no data at this instant"},
        True,
    ]
    assert [one["baseline"]["value"] for one in done.json["intervals"]] == [0.004, 0.003, 0.005, 0.004, 0.006, 0.005]
    assert done.json["intervals"][1]["at"] == "2026-03-02T08:31:00Z"


def test_a_lone_series_is_the_candidates_value_and_may_be_cut_more_coarsely(judge: Judge) -> None:
    data = {"resultType": "matrix", "result": [series("v2", ["1", "9", "1", "9", "1"])]}
    done = judge("range.json", {"data": data}, "--judge", "threshold", "--params", '{"max": 5}', "--interval", "2m")
    assert done.code == 0
    assert "3 of 3 measurements are at most 5" in done.out


def test_the_bots_own_recordings_are_read_by_their_queries(judge: Judge) -> None:
    points = [[1772440200 + 60 * at, value] for at, value in enumerate([1, 2, None, 3])]
    recording = {
        "series": [
            {"query": "errors", "points": points, "as": "candidate.bad"},
            {"query": "all", "points": [[at, 100] for at, _ in points], "as": "candidate.total"},
        ]
    }
    said = judge("recording.json", recording, *BOUND, "-o", "json").json["intervals"]
    assert [one["candidate"] for one in said[:2]] == [{"bad": 1.0, "total": 100.0}, {"bad": 2.0, "total": 100.0}]
    assert said[2]["candidate"]["missing"] == "no data at this instant"
    chosen = judge("recording.json", recording, *BOUND, "--series", "candidate.value=all", "-o", "json")
    assert chosen.json["intervals"][0]["candidate"]["value"] == 100.0


# ---------------------------------------------------------------- rubbish

RUBBISH: list[tuple[str, Any, tuple[str, ...], str]] = [
    ("x.json", "", BOUND, "it is no JSON"),
    ("x.json", b"\xff\xfe\x00", BOUND, "it is no JSON"),
    ("x.json", "[" * 100_000, BOUND, "it nests too deep"),
    ("x.json", "7", BOUND, "it holds no evidence. It may be a list of intervals"),
    ("x.json", {"intervals": 7}, BOUND, "it holds no evidence"),
    ("x.json", [1], (), "there is no judge. Known are threshold, sequential"),
    ("x.json", [1], ("--judge", "treshold"), '"treshold" is no judge. Known are threshold'),
    ("x.json", {"intervals": [1], "jugde": "x"}, BOUND, '"jugde" means nothing here. Did you mean judge?'),
    ("x.json", {"intervals": [1], "history": 7}, BOUND, "history must be a list"),
    ("x.json", {"intervals": [1, 1], "length": 1.5}, BOUND, "length is 1.5, and must be a whole number from 2"),
    ("x.json", [1, 2, 3], (*BOUND, "--length", "2"), "length is 2, and must be a whole number from 3"),
    ("x.json", [1], ("--judge", "threshold", "--params", "{"), "--params: "),
    ("x.json", [1], ("--judge", "threshold", "--params", "no/such/file"), "no/such/file: --params: No such file"),
    ("x.json", [1], ("--judge", "threshold", "--params", '{"mux": 1}'), "params of threshold: mux: unknown key"),
    ("x.json", [1], ("--judge", "sequential", "--params", '{"alpha": 2}'), "alpha: must be less than 0.5"),
    ("x.json", {"params": [], "intervals": [1]}, ("--judge", "sequential"), "params of sequential: must be a mapping"),
    ("x.json", [1], (*BOUND, "--series", "candidate.value=q"), "--series goes with recordings alone"),
    ("x.json", [1], (*BOUND, "--interval", "1m"), "--interval goes with recordings alone"),
    ("x.json", [1], (*BOUND, "--interval", "1x"), "error: --interval: '1x' is not a duration"),
    ("x.json", [1], (*BOUND, "--interval", "0s"), "--interval: must be more than nothing"),
    ("x.json", [1], (*BOUND, "--series", "q"), "error: --series: 'q' names no query"),
    ("x.csv", "", BOUND, "the CSV has no column with evidence. Columns are at, candidate.bad"),
    ("x.csv", "a,b\n1,2\n", BOUND, "the CSV has the column 'a', which means nothing here"),
    ("x.csv", "bad,total,candidate.bad\n1,2,3\n", BOUND, "the CSV has the column 'bad' twice"),
    ("x.csv", "bad,total\n1,2\n1,2,3\n", BOUND, "line 3 has 3 cells, the header 2"),
    ("x.csv", b"\x00\xff", BOUND, "it is no CSV"),
    ("x.csv", "value\n1\n", (*BOUND, "--interval", "1m"), "--interval goes with recordings alone"),
    ("x.json", PROMETHEUS, BOUND, "nothing says which recorded series is what. Say --series"),
    ("x.json", PROMETHEUS, (*BOUND, "--series", "x={}"), "'x' is nothing that a series can be"),
    ("x.json", PROMETHEUS, (*BOUND, "--series", "candidate.value=v2"), "'v2' does not pick a series by its labels"),
    (
        "x.json",
        PROMETHEUS,
        (*BOUND, "--series", 'candidate.value={code="5xx"}'),
        '2 series have {code="5xx"}. There are',
    ),
    ("x.json", PROMETHEUS, (*BOUND, *NAMED, "--interval", "90s"), "its points lie 60 s apart"),
    ("x.json", {"status": "error", "error": "parse error"}, BOUND, "an error of the metrics server: parse error"),
    (
        "x.json",
        {"data": {"resultType": "vector", "result": []}},
        BOUND,
        "the answer is a vector where a matrix is meant",
    ),
    ("x.json", {"data": {"resultType": "matrix", "result": []}}, BOUND, "the query found no data"),
    ("x.json", {"data": {"resultType": "matrix", "result": [7]}}, BOUND, "not shaped like Prometheus' answer"),
    ("x.json", {"data": 7}, BOUND, "not the JSON of a Prometheus range query"),
    ("x.json", {**PROMETHEUS, "warnings": ["partial response"]}, BOUND, "warns of its own answer: partial response"),
    ("x.json", {"series": [7]}, BOUND, "nothing says which recorded series is what"),
    (
        "x.json",
        {"series": [{"query": "q", "points": [[1, 1], [1e7, 2]]}]},
        (*BOUND, "--interval", "1s"),
        "longer --interval",
    ),
    ("x.json", {"series": [{"query": "q", "points": 7}]}, BOUND, "every series needs points"),
]


@pytest.mark.parametrize(("name", "content", "options", "said"), RUBBISH, ids=[one[3][:40] for one in RUBBISH])
def test_rubbish_is_refused_with_what_where_and_what_to_do(
    judge: Judge, name: str, content: Any, options: tuple[str, ...], said: str
) -> None:
    done = judge(name, content, *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--input', or '--batch'"),
        (("--input", "no/such/file"), "'no/such/file' does not exist"),
        (("--batch", "-", "--judge", "threshold"), "--batch goes without --judge"),
        (("--batch", "-", "--svg", "x.svg"), "--batch goes without --svg"),
    ],
)
def test_a_command_line_that_does_not_fit_is_refused(bot: Bot, arguments: tuple[str, ...], said: str) -> None:
    done = bot("judge", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_an_svg_that_cannot_be_written_is_said(judge: Judge, tmp_path: Path) -> None:
    done = judge("x.json", [1, 2, 3], *BOUND, "--svg", tmp_path / "no" / "x.svg")
    assert (done.code, done.out) == (2, "")
    assert "--svg: it cannot be written: No such file or directory" in done.err


def test_foreign_text_does_nothing_to_terminal_or_picture(judge: Judge, tmp_path: Path) -> None:
    evil = "\u001b[2J\u202e</title><script>alert(1)</script>\r\n::error::x"
    run = [{"candidate": {"missing": evil}}] * 3
    done = judge("x.json", run, *BOUND, "--svg", tmp_path / "x.svg")
    assert done.code == 3
    assert not {"\u001b", "\u202e", "\r"} & set(done.out)
    assert not any(line.startswith("::") for line in done.out.splitlines())
    root = ET.fromstring((tmp_path / "x.svg").read_text(encoding="utf-8"))
    assert "script" not in {one.tag.rpartition("}")[2] for one in root.iter()}
    refused = judge("x.json", {"status": "error", "error": evil}, *BOUND)
    assert not {"\u001b", "\u202e", "\r"} & set(refused.err)


# ---------------------------------------------------------------- many runs


def batch(*lines: Any) -> list[dict[str, Any]]:
    return list(answers((line if isinstance(line, str) else json.dumps(line)).encode() + b"\n" for line in lines))


def test_every_line_is_answered_in_order() -> None:
    said = batch(
        {"judge": "sequential", "params": {}, "intervals": counts(WORSE)},
        {"judge": "sequential", "intervals": counts(WORSE[:2]), "length": 60, "id": "mine"},
        {"judge": "threshold", "params": {"max": "1%"}, "intervals": [0.5, 0.5, {"candidate": {"value": 0.5}}]},
        {"judge": "threshold", "params": {"max": "1%"}, "intervals": [0.001, 0.002, 0.003, 0.001]},
        {"judge": "threshold", "params": {"max": "1%"}, "intervals": [None, "NaN", {"candidate": None}]},
        {"judge": "threshold", "params": {"max": "1%"}, "intervals": []},
    )
    assert [(one["verdict"], one["decidedAt"]) for one in said] == [
        ("FAIL", 3),
        ("UNKNOWN", None),
        ("FAIL", 3),
        ("PASS", 4),
        ("UNKNOWN", None),
        ("UNKNOWN", None),
    ]
    assert all(set(one) == {"verdict", "decidedAt", "reason"} and one["reason"] for one in said)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "line 2: it is no JSON: Expecting value"),
        ("[]", "line 2: a line is an object like"),
        ("[" * 100_000, "line 2: it nests too deep"),
        ({"intervals": []}, "line 2: there is no judge. Known are threshold"),
        ({"judge": ["threshold"], "intervals": []}, 'line 2: ["threshold"] is no judge'),
        ({"judge": "threshold", "params": {"max": 1}}, "line 2: intervals must be a list"),
        ({"judge": "threshold", "params": {}, "intervals": []}, "line 2: params of threshold: min or max is needed"),
        ({"judge": "threshold", "params": "\ud800", "intervals": []}, "line 2: params of threshold: must be a mapping"),
        ({"judge": "threshold", "parms": {"max": 1}, "intervals": []}, 'line 2: "parms" means nothing here'),
        (
            {"judge": "threshold", "params": {"max": 1}, "intervals": [1], "length": 10**9},
            "line 2: length is 1000000000",
        ),
    ],
)
def test_a_broken_line_is_answered_and_the_others_are_judged(line: Any, why: str) -> None:
    good = {"judge": "threshold", "params": {"max": 1}, "intervals": [1, 1, 1]}
    first, broken, last = batch(good, line, good)
    assert (broken["verdict"], broken["decidedAt"], broken["error"]) == ("UNKNOWN", None, True)
    assert broken["reason"].startswith(why)
    assert first == last
    assert last["verdict"] == "PASS"


def test_a_batch_is_answered_line_by_line_and_its_exit_code_tells_of_broken_lines(bot: Bot, tmp_path: Path) -> None:
    good = json.dumps({"judge": "threshold", "params": {"max": 1}, "intervals": [1, 1, 9]})
    (tmp_path / "runs.jsonl").write_text(f"{good}\n\n{good}")
    done = bot("judge", "--batch", tmp_path / "runs.jsonl")
    assert (done.code, done.err) == (0, "")
    assert [json.loads(line)["verdict"] for line in done.out.splitlines()] == ["FAIL", "FAIL"]
    (tmp_path / "runs.jsonl").write_text(f"?\n{good}\n")
    done = bot("judge", "--batch", tmp_path / "runs.jsonl")
    assert (done.code, len(done.out.splitlines())) == (2, 2)


def test_an_answer_comes_before_the_next_line_is_read() -> None:
    line = json.dumps({"judge": "threshold", "params": {"max": 1}, "intervals": [1, 1, 1]})
    command = [sys.executable, "-m", "gitops_bot", "judge", "--batch", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for _ in range(2):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["verdict"] == "PASS"
        process.stdin.close()
    assert process.returncode == 0


def test_long_runs_of_any_number_are_judged_without_delay() -> None:
    # Judging every prefix anew would take minutes.
    runs = [{"judge": "threshold", "params": {"max": 1}, "intervals": [0.5] * 3000}] * 20
    began = time.process_time()
    assert [one["decidedAt"] for one in batch(*runs)] == [3000] * 20
    assert time.process_time() - began < 5


LEAST: dict[str, Any] = {
    "threshold": {"max": 1},
    "argoAnalysis": {"successCondition": "result[0] < 1"},
    "flagger": {"thresholdRange": {"max": 1}},
    "keptn": {"pass": [{"criteria": ["<1", "<=+10%"]}]},
    "iter8": {"upperLimit": 1, "preferredDirection": "Low"},
    "sampleRatio": {"share": 10},
}
"""Parameters of the judges that need some."""

COUNTS = st.sampled_from([0, 1, 3, 20, 200, 0.3, 1e15, 1e300, -1, "NaN", None]) | st.floats()
ARMS = st.fixed_dictionaries({"bad": COUNTS, "total": COUNTS}) | st.fixed_dictionaries({"value": COUNTS}) | COUNTS
RUNS = st.lists(st.fixed_dictionaries({"candidate": ARMS, "baseline": ARMS}), max_size=12)


@pytest.mark.parametrize("name", JUDGES)
@given(RUNS, st.lists(ARMS, max_size=9), st.integers(0, 2))
@settings(max_examples=40)
def test_any_evidence_gets_a_verdict_that_says_when(name: str, run: list[Any], history: list[Any], more: int) -> None:
    order = {"judge": name, "params": LEAST.get(name, {}), "intervals": run, "history": history}
    (said,) = batch({**order, "length": len(run) + more})
    assert "error" not in said
    assert (said["decidedAt"] is None) is (said["verdict"] == "UNKNOWN")
    assert said["verdict"] == "UNKNOWN" or 3 <= said["decidedAt"] <= len(run)
    drawn = panels(case({**order, "length": len(run) + more}))
    assert bars(drawn, "·" * len(run))
    ET.fromstring(svg(drawn, said["reason"], decided_at=said["decidedAt"]))


# ---------------------------------------------------------------- the page for users

PAGE = (Path(__file__).parents[1] / "docs" / "judges.md").read_text(encoding="utf-8")


def keys(schema: dict[str, Any]) -> set[str]:
    """Every key that the parameters and what lies below them have."""
    shapes = [schema, *schema.get("$defs", {}).values()]
    return {key for shape in shapes for key in shape.get("properties", ())}


@pytest.mark.parametrize("name", JUDGES)
def test_the_page_names_every_parameter_of_every_judge(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    unnamed = [
        key for key in keys(schema_of(JUDGES[name].params)) if f"`{key}`" not in section and f"{{{key}:" not in section
    ]
    assert unnamed == []


def test_the_page_shows_what_a_batch_answers() -> None:
    line, answer = PAGE.partition("```json\n")[2].partition("```")[0].splitlines()
    assert batch(line) == [json.loads(answer)]


def test_the_page_and_the_help_have_the_same_options(bot: Bot) -> None:
    said = bot("judge", "--help").out
    assert all(option in said for option in ("--judge", "--params", "--length", "--series", "--interval", "--svg"))
    assert {option for option in re.findall(r"--[a-z]+", said) if option not in PAGE} <= {"--help"}
