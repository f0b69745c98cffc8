#!/usr/bin/env python3
"""Runs heapmark compare over and over where the right answer is known, and counts what it says.

    tests/proof/live.py same CONDITION [N]     glibc and itself over all workloads: N comparisons more (1)
    tests/proof/live.py slow CONDITION [N]     a library that is slower by 3 %, and its base, one workload
                                               a comparison, each in turn ('record.py calibrate' first)
    tests/proof/live.py waste [N]              libraries that round requests up by 1, 2, 5 and 10 %
    tests/proof/live.py report                 what came of all so far, with intervals of 95 %

Nothing is drawn again from what was recorded: each comparison is a new one, to its end. Results go to
build/proof/live.jsonl, line by line, so it may be stopped and goes on; let it run for a day.
PROOF_UNDER: as for record.py.
"""
import json
import os
import sys
import time

from proof import (CONDITIONS, HEAPMARK, PLANTED_WORKLOADS, ROOT, WORKLOADS, compare_json, in_noise, say,
                   slow_library, under, waste_library)

WORK = os.path.join(ROOT, "build/proof")
RESULTS = os.path.join(WORK, "live.jsonl")
STORE = os.path.join(WORK, f"live-{os.getpid()}.db")
WASTE_PERCENT = (0, 1, 2, 5, 10)


def compare(condition, words):
    """One comparison, by heapmark's own defaults."""
    for end in ("", "-wal", "-shm"):
        if os.path.exists(STORE + end):
            os.remove(STORE + end)
    start = time.monotonic()
    report = compare_json(["-o", STORE, *words], prefix=[*under(), *in_noise(WORK, condition, [])])
    took = report.get("seconds") or time.monotonic() - start
    verdicts = [{"workload": w["workload"], "pairs": w["pairs"],
                 "time": w["measures"]["time"]["verdict"], "rss": w["measures"]["rss"]["verdict"]}
                for w in report["workloads"]]
    return {"condition": condition, "seconds": took, "exit": report["exit_status"], "workloads": verdicts}


def keep(result):
    with open(RESULTS, "a") as file:
        file.write(json.dumps(result) + "\n")
    say(result["kind"], result["condition"], f"{result['seconds']:.0f} s",
        *(f"{w['workload']}: {w['time']} ({w['pairs']})," for w in result["workloads"]))


def results():
    if not os.path.exists(RESULTS):
        return []
    with open(RESULTS) as file:
        return [json.loads(line) for line in file]


def run_same(condition, count):
    workloads = [word for label in WORKLOADS for word in ("-w", WORKLOADS[label])]
    for _ in range(count):
        keep({"kind": "same", **compare(condition, [*workloads, "glibc", "glibc"])})


def run_slow(condition, count):
    with open(os.path.join(WORK, "calibration.json")) as file:
        turns = {label: w["turns"]["3"] for label, w in json.load(file)["workloads"].items()}
    done = sum(r["kind"] == "slow" and r["condition"] == condition for r in results())
    for number in range(done, done + count):
        label = PLANTED_WORKLOADS[number % len(PLANTED_WORKLOADS)]
        words = ["-w", WORKLOADS[label], "base=" + slow_library(WORK, 0),
                 "slower=" + slow_library(WORK, turns[label])]
        keep({"kind": "slow", **compare(condition, words)})


def run_waste(count):
    workloads = [word for label in PLANTED_WORKLOADS for word in ("-w", WORKLOADS[label])]
    for _ in range(count):
        for percent in WASTE_PERCENT:
            words = [*workloads, "--max-pairs", "20", "--gate", "rss", "base=" + waste_library(WORK, 0),
                     "more=" + waste_library(WORK, percent, "-twin" if percent == 0 else "")]
            keep({"kind": f"waste {percent} %", **compare("quiet", words)})


# ---- report --------------------------------------------------------------------

def binomial_tail(count, of, p):
    """P(X >= count)."""
    term = (1 - p) ** of
    total = 0.0
    for k in range(of + 1):
        if k >= count:
            total += term
        term *= (of - k) / (k + 1) * p / (1 - p) if p < 1 else 0
    return total


def exact_interval(count, of, level=0.95):
    """Clopper and Pearson (1934), in per cent."""
    def solve(rises):
        low, high = 0.0, 1.0 - 1e-12
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if rises(middle) else (low, middle)
        return low
    tail = (1 - level) / 2
    lower = 0 if count == 0 else solve(lambda p: binomial_tail(count, of, p) < tail)
    upper = 1 if count == of else solve(lambda p: 1 - binomial_tail(count + 1, of, p) > tail)
    return 100 * lower, 100 * upper


def share(count, of):
    low, high = exact_interval(count, of)
    return f"{count} ({100 * count / of:.1f} % [{low:.1f}, {high:.1f}])"


def report_group(kind, condition, group):
    measure = "rss" if kind.startswith("waste") else "time"
    labels = [] if measure == "rss" else sorted({w["workload"] for r in group for w in r["workloads"]})
    for label in ["all", *labels]:
        cells = [w for r in group for w in r["workloads"] if label in ("all", w["workload"])]
        words = [w[measure] for w in cells]
        slower = sum(w in ("slower", "worse") for w in words)
        faster = sum(w in ("faster", "better") for w in words)
        seconds = sorted(r["seconds"] for r in group)[len(group) // 2] if label == "all" else None
        print(f"| {kind} | {condition} | {label} | {len(words)} | {share(slower, len(words))} | {faster} |"
              f" {share(words.count('same'), len(words))} | {words.count('undecided')} |"
              f" {sum(w['pairs'] for w in cells) / len(cells):.0f} |"
              f" {f'{seconds:.0f}' if seconds is not None else ''} |")
    if kind == "same":
        red = sum(r["exit"] == 1 for r in group)
        print(f"| {kind} | {condition} | whole runs | {len(group)} | {share(red, len(group))} | | | | | |")


def report():
    groups = {}
    for result in results():
        groups.setdefault((result["kind"], result["condition"]), []).append(result)
    print("| planted | condition | workload | verdicts | slower (worse) | faster | same | undecided | pairs |"
          " seconds a comparison |\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for (kind, condition), group in groups.items():
        report_group(kind, condition, group)


def main():
    words = sys.argv[1:]
    os.makedirs(WORK, exist_ok=True)
    count = int(words[-1]) if words and words[-1].isdigit() else 1
    if words[:1] == ["same"] and words[1:2] and words[1] in CONDITIONS:
        run_same(words[1], count)
    elif words[:1] == ["slow"] and words[1:2] and words[1] in CONDITIONS:
        run_slow(words[1], count)
    elif words[:1] == ["waste"]:
        run_waste(count)
    elif words == ["report"]:
        report()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
