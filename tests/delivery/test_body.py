"""The body of a pull request: golden pages, order, limits, hostile text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_bot.delivery import marker
from gitops_bot.delivery.body import LIMIT, Page, body
from gitops_bot.delivery.diffs import diff
from gitops_bot.model import (
    Change,
    CheckResult,
    Figure,
    Gate,
    Manner,
    MergeMode,
    Outcome,
    SlotMove,
    SlotName,
    Slots,
    Step,
    StepKind,
    Verdict,
    Version,
)
from tests.conftest import Golden
from tests.delivery.given import (
    ADVANCE,
    BAD,
    BEFORE,
    NOW,
    OPEN_GATES,
    ROLLBACK,
    V1,
    V2,
    change,
    policy,
    query,
)

HOSTILE = "x` | <img src=//e> --> </details>\n# @alice #1 [c](d)\u202e ``` ~~~\n| a | b |"
MEASURED = Verdict(
    (
        CheckResult("errors", Outcome.PASS, "0.1 % ≤ 1 %", (Figure("worst", "0.1 %"), Figure("samples", "10"))),
        CheckResult("latency", Outcome.PASS, "80 ms ≤ 200 ms", (Figure("worst", "80 ms"),), (query(),)),
        CheckResult("cpu", Outcome.FAIL, "too busy", critical=False),
    )
)
MANY = Verdict(
    tuple(
        CheckResult(f"check-{n}", Outcome.PASS, "well " * 40, (Figure("worst", str(n)),), (query("rate(x) " * 200),))
        for n in range(120)
    )
)
HOUSE = Manner(
    links={
        "Grafana": "https://grafana.acme.example/d/canary?var-namespace={{ namespace }}&var-primary={{ primary }}"
        "&var-canary={{ canary }}&from={{ start }}&to={{ end }}",
        "Argo CD": "https://argocd.acme.example/applications/{{ canary }}",
    },
    consoles={"mimir": "https://prometheus.acme.example/graph?g0.expr={{ query }}&g0.end_input={{ until }}"
              "&g0.range_input={{ range }}&g0.tab=0"},
    servers={"prod": "mimir"},
)  # fmt: skip
CHECKOUT = policy(
    "checkout-canary",
    clusters=["prod"],
    candidate={"slot": "candidateVersion", "workload": {"namespace": "shop", "name": "checkout-canary"}},
    baseline={"workload": {"namespace": "shop", "name": "checkout"}},
    pullRequest={"body": "Runbook: https://wiki.acme.example/checkout, ask @acme/payments ({{ to.version }})."},
)
ERRORS = 'sum(increase(istio_requests_total{{destination_workload="{}",response_code=~"5.."}}[1m]))'.format
COMPARED = CheckResult(
    "errors-vs-baseline",
    Outcome.PASS,
    "the candidate stays below 2 times the baseline's ratio of bad events: 12 of 9410 (0.128%) against 231 of 178214",
    (
        Figure("candidate", "12 of 9410 (0.128%)"),
        Figure("baseline", "231 of 178214 (0.13%)"),
        Figure("relative risk", "0.98"),
        Figure("difference", "[-0.041, 0.038] pp at 98%"),
        Figure("evidence of worse", "0.31 of 100"),
        Figure("evidence of fine", "24.6 of 20"),
    ),
    (query(ERRORS("checkout-canary")), query(ERRORS("checkout"))),
    charts=(Figure("candidate", "▁▁▂▁▁▃▁▁·▂ 0.08% to 0.21%"), Figure("baseline", "▁▁▁▂▁▁▂▁▁▁ 0.11% to 0.15%")),
    judge="sequential: alpha 0.01, beta 0.05, margin 2.0, tolerated 1.0, better lower, leastIntervals 3, shareOf 1",
)
LATENCY = CheckResult(
    "latency-p99",
    Outcome.PASS,
    "10 of 10 measurements are at most 500ms",
    (Figure("limit", "500ms"), Figure("last", "212ms"), Figure("worst", "267ms"), Figure("measured", "10/10")),
    (query('histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket[1m])))'),),
    charts=(Figure("candidate", "▂▂▂▃▂▂▂▂▃▂ 198ms to 267ms (at most 500ms: up to ▄)"),),
    judge="threshold: max 500ms, inclusive true, failureLimit 2",
)  # fmt: skip
FULL = Page(
    CHECKOUT,
    BEFORE,
    replace(ADVANCE, reason="all checks passed"),
    Verdict((COMPARED, LATENCY)),
    (
        *OPEN_GATES,
        Gate("sync", True, "Application argocd/checkout runs it"),
        Gate("windows", False, "outside Mon-Fri 09:00-16:00 Europe/Berlin", NOW + timedelta(hours=23), merging=True),
    ),
    (
        Change("istio/checkout.yaml", b"1", b"2", (
            SlotMove(SlotName.WEIGHT, "istio/checkout.yaml: spec.http[0].route[1].weight", "5", "25"),
            SlotMove(SlotName.WEIGHT, "istio/checkout.yaml: spec.http[0].route[0].weight", "95", "75"))),
    ),
    MergeMode.AUTO,
    "windows: outside Mon-Fri 09:00-16:00 Europe/Berlin (until 2026-01-06 08:30 UTC)",
    since=NOW - timedelta(minutes=12),
    manner=HOUSE,
)  # fmt: skip
WORSE = replace(
    COMPARED,
    outcome=Outcome.FAIL,
    because="the candidate has 4.26 times the baseline's ratio of bad events: 52 of 9410 against 231 of 178214",
    figures=(
        Figure("candidate", "52 of 9410 (0.553%)"),
        Figure("baseline", "231 of 178214 (0.13%)"),
        Figure("relative risk", "4.26"),
        Figure("difference", "[0.19, 0.66] pp at 98%"),
        Figure("evidence of worse", "1.3e+07 of 100"),
    ),
    charts=(Figure("candidate", "▂▃▂▄▅▆▅▇█▇ 0.21% to 0.94%"), Figure("baseline", "▁▁▁▁▁▁▁▁▁▁ 0.11% to 0.15%")),
)
BACK = replace(
    FULL,
    step=Step(StepKind.ROLLBACK, Slots(V1, V1, 0), f"errors-vs-baseline: {WORSE.because}", urgent=True),
    verdict=Verdict((WORSE, LATENCY)),
    gates=OPEN_GATES,
    changes=(
        Change("istio/checkout.yaml", b"1", b"2", (
            SlotMove(SlotName.WEIGHT, "istio/checkout.yaml: spec.http[0].route[1].weight", "5", "0"),
            SlotMove(SlotName.WEIGHT, "istio/checkout.yaml: spec.http[0].route[0].weight", "95", "100"))),
    ),
    note="",
)  # fmt: skip
BY_VERSION = policy(strategy={"promote": {}}, candidate={"version": "1.4.2"}, edits=[{
    "yaml": {"file": "app.yaml", "path": "stable"}, "set": "version"}])  # fmt: skip


def page(step: Step = ADVANCE, verdict: Verdict = MEASURED, *, before: Slots = BEFORE, changes: Sequence[Change] = (),
         gates: Sequence[Gate] = OPEN_GATES, mode: MergeMode = MergeMode.NEVER, note: str = "") -> Page:  # fmt: skip
    return Page(policy(), before, step, verdict, gates, changes or (change(),), mode, note)


STOP = Gate("stop", False, ".gitops-bot/stop.yaml: freeze", NOW + timedelta(hours=2))
LOOK = "the bot cannot see whether the stable workload is healthy. Check it before merging"
CASES = {
    "advance": page(),
    "whole": FULL,
    "whole-rollback": BACK,
    "synthetic": replace(
        FULL,
        policy=FULL.policy.model_copy(
            update={
                "spec": FULL.policy.spec.model_copy(
                    update={"analysis": FULL.policy.spec.analysis.model_copy(update={"traffic": "synthetic"})}
                )
            }
        ),
    ),
    "promote": Page(
        BY_VERSION,
        Slots(V1),
        Step(StepKind.PROMOTE, Slots(V2), "requested: 1.4.2 was given by hand"),
        Verdict((CheckResult("requested", Outcome.PASS, "1.4.2 was given by hand"),)),
        OPEN_GATES,
        (Change("app.yaml", b"1", b"2", (SlotMove(SlotName.STABLE, "app.yaml: stable", "1.4.1", "1.4.2"),)),),
        MergeMode.AUTO,
    ),
    "rollback": page(ROLLBACK, BAD, mode=MergeMode.AUTO, changes=(change("5", "0"),)),
    "start": page(
        Step(StepKind.START, BEFORE, "1.4.2 is new and 1.4.1 is stable"),
        Verdict(),
        before=Slots(V1, V1, 0),
        changes=(change("0", "5"),),
    ),
    "finish-with-caution": page(
        Step(StepKind.FINISH, Slots(V2, V2, 0), "the promotion has baked", cautions=(LOOK,)),
        before=Slots(V2, V2, 50),
        changes=(change("50", "0"),),
        mode=MergeMode.AUTO,
    ),
    "waiting": page(gates=(OPEN_GATES[0], STOP), note="stop: .gitops-bot/stop.yaml: freeze"),
    "hostile": page(
        Step(StepKind.ADVANCE, Slots(V1, Version(HOSTILE), 25), HOSTILE, cautions=(HOSTILE,)),
        Verdict((CheckResult(HOSTILE, Outcome.PASS, HOSTILE, (Figure(HOSTILE, HOSTILE),), (query(HOSTILE),)),)),
        changes=(Change("a", b"1", b"2", (SlotMove(SlotName.WEIGHT, HOSTILE, HOSTILE, HOSTILE),)),),
        gates=(Gate(HOSTILE, False, HOSTILE),),
        note=HOSTILE,
    ),
    "many-checks": page(verdict=MANY),
}


@pytest.mark.parametrize("case", CASES)
def test_golden_bodies(case: str, golden: Golden) -> None:
    golden(f"bodies/{case}.md", body(CASES[case]))


def sections(text: str) -> list[str]:
    return re.findall(r"^### (.+)$|<summary>(.+)</summary>", text, re.MULTILINE) and [
        found[1] or found[2] for found in re.finditer(r"^### (.+)$|<summary>(.+)</summary>", text, re.MULTILINE)
    ]


ALL = ["What changes", "Checks", "Gates and merging", "Queries, windows and judges", "Environment and links",
       "How to stop, hold or roll back"]  # fmt: skip


@pytest.mark.parametrize("case", ["advance", "waiting", "hostile", "many-checks"])
def test_sections_stand_in_their_order(case: str) -> None:
    assert sections(body(CASES[case])) == ALL


def test_what_there_is_nothing_to_say_about_is_left_out() -> None:
    assert sections(body(CASES["start"])) == [one for one in ALL if one not in ("Checks", ALL[3])]
    assert "Ladder:" in body(CASES["start"])
    assert "Ladder:" not in body(CASES["promote"])


@pytest.mark.parametrize("mode", MergeMode)
@pytest.mark.parametrize("step", [ADVANCE, ROLLBACK])
def test_the_first_line_decides(step: Step, mode: MergeMode) -> None:
    first, second = body(page(step, mode=mode)).split("\n\n")[:2]
    assert first.endswith(f"— {step.reason}")
    assert second.startswith(f"**{step.kind.value}** ")


def balanced(text: str) -> bool:
    """No fence and no fold is left open."""
    fence = ""
    for line in text.split("\n"):
        found = re.match(r"`{3,}", line)
        if found and not fence:
            fence = found[0]
        elif fence and line == fence:
            fence = ""
    return not fence and text.count("<details>") == text.count("</details>")


LONG = "y" * 30_000
TOO_LONG = {
    "many queries": CASES["many-checks"],
    "many checks": page(verdict=Verdict(tuple(CheckResult(f"c{n}", Outcome.PASS, "<&>" * 99) for n in range(400)))),
    "long reasons": page(verdict=Verdict(tuple(CheckResult(f"c{n}", Outcome.PASS, LONG) for n in range(4)))),
    "a long headline": page(replace(ADVANCE, reason=LONG * 3)),
    "many cautions": page(replace(ADVANCE, cautions=(LONG, LONG, LONG))),
    "a long version in the policy's own words": replace(
        page(replace(ADVANCE, slots=Slots(Version("1.4.1"), Version(LONG), 25), reason=LONG * 2)),
        policy=policy(pullRequest={"body": "{{ to.version }} " * 200}),
    ),
    "a long gate": page(gates=(Gate("stop", False, LONG * 3),)),
    "many changes": page(
        changes=(Change("a", b"1", b"2", tuple(SlotMove(SlotName.WEIGHT, f"p{n}", "1", LONG) for n in range(3))),)
    ),
}


@pytest.mark.parametrize("case", TOO_LONG)
def test_what_is_too_long_is_cut_visibly_and_says_how_to_stop_it(case: str) -> None:
    text = body(TOO_LONG[case])
    assert len(text) <= LIMIT
    assert balanced(text)
    said = text.partition("How to stop, hold or roll back")[0]
    assert "gitops-bot explain" in said or "…" in said
    assert "Stop everything" in text


@pytest.mark.parametrize("case", TOO_LONG)
def test_the_marker_on_top_survives_the_forges_limit(case: str) -> None:
    mark = marker.Marker("shop" * 15, "k" * 20, "d" * 16, "t" * 16, "2026-01-05T09", closed="r" * 300)
    whole = marker.write(mark, body(TOO_LONG[case]))
    assert len(whole) < 65_536
    assert marker.read(whole) == mark


def cells(line: str) -> int:
    return len(re.findall(r"(?<!\\)\|", line)) - 1  # a table is split before anything else of Markdown is read


@given(st.text(st.one_of(st.sampled_from(list("|\\`<>\n\r-:#@ ")), st.characters()), max_size=30))
@example("\\|")
def test_no_name_breaks_a_table(name: str) -> None:
    check = CheckResult(name, Outcome.PASS, name, (Figure(f"{name}~", name),))  # of no column
    move = SlotMove(SlotName.WEIGHT, name, name, name)
    text = body(page(verdict=Verdict((check,)), changes=(Change("a", b"1", b"2", (move,)),)))
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert [cells(row) for row in rows] == [4] * 3 + [3] * 3


def test_the_table_says_what_an_interval_is_of() -> None:
    one = CheckResult("latency", Outcome.PASS, "fine", (Figure("difference", "[-1, 2] at 98%"),))
    shown = body(page(verdict=Verdict((one,))))
    assert "| Interval |" in shown
    assert "`[-1, 2] at 98%` difference" in shown


def test_times_of_gates_and_queries_are_in_utc() -> None:
    text = body(CASES["waiting"])
    assert "until 2026-01-05 11:30 UTC" in text
    assert "2026-01-05 09:19:00 to 09:30:00 UTC" in text


def test_a_weight_that_was_never_set_is_zero() -> None:
    start = Step(StepKind.START, Slots(V1, V2, 5), "new")
    assert "weight 0 % → 5 %" in body(page(start, Verdict(), before=Slots(V1, None, None)))


def test_the_diff_is_unified_and_says_where_a_line_does_not_end() -> None:
    changed = (Change("a/b.yaml", b"x: 1\ny: 1\n", b"x: 1\ny: 2\n", ()), Change("c", b"old", b"new", ()))
    assert diff(changed) == (
        "--- a/a/b.yaml\n+++ b/a/b.yaml\n@@ -1,2 +1,2 @@\n x: 1\n-y: 1\n+y: 2\n"
        "--- a/c\n+++ b/c\n@@ -1 +1 @@\n-old\n\\ No newline at end of file\n+new\n\\ No newline at end of file\n"
    )


def added(template: str, version: Version = V2) -> str:
    given = replace(page(), policy=policy(pullRequest={"body": template}))
    step = replace(ADVANCE, slots=replace(ADVANCE.slots, candidate=version))
    return body(replace(given, step=step)).partition("</details>\n\n")[2].rpartition("</details>\n\n")[2]


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("Ask @acme/payments about {{ to.version }}.", "Ask @acme/payments about 1.4.2."),
        ("/merge\n\n  /approve", "\\/merge\n\n  \\/approve"),
        ("A\u202eb", "Ab"),
        ("{{ step }} from {{ from.weight }} to {{ weight }}", "Advance from 5 to 25"),
    ],
)
def test_a_policy_adds_its_own_words_and_commands_nobody(template: str, shown: str) -> None:
    assert added(template).startswith(f"{shown}\n\n<sub>gitops-bot")


def test_a_version_in_a_policys_words_stays_text() -> None:
    shown = added("{{ to.version }}", Version("/close @alice <b>"))
    assert shown.startswith("\\/close @\u200balice &lt;b&gt;\n")


def test_what_a_policy_leaves_open_swallows_nothing_of_the_bots() -> None:
    given = replace(page(), policy=policy(pullRequest={"body": "```\n<!-- <details>"}))
    assert "Stop everything" in body(given).partition("```\n<!--")[0]
