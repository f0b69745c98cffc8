#!/usr/bin/env python3
"""Counts instructions again and again, and says in what range the counts lie.

Runs `heapmark run --instructions` RUNS times over synthetic workloads on one thread, each run with
processes of its own, in an order of its own. Prints a Markdown table: instructions a call under each
allocator, and how far the counts are apart: "exact" when all are equal to the instruction.

    tests/figures/count_repeats.py [--runs 10] [--heapmark ./heapmark] [WORKLOAD ...]

Without WORKLOADs, all that `heapmark list` knows, with their default parameters.
"""
import argparse
import collections
import json
import os
import platform
import subprocess
import tempfile
import time

ALLOCATORS = ["glibc", "jemalloc", "mimalloc", "tcmalloc"]


def all_workloads(heapmark):
    """Those that the runner describes, but for the replayer, which needs a trace."""
    runner = os.path.join(os.path.dirname(os.path.realpath(heapmark)), "heapmark-runner")
    lines = subprocess.run([runner, "--describe"], check=True, capture_output=True, text=True).stdout
    return [line.split("\t")[1] for line in lines.splitlines() if line.startswith("workload\t")]


def count_once(heapmark, workloads, store):
    """One run; {(workload, allocator): (instructions, operations)} of those that were counted."""
    words = [word for workload in workloads for word in ("-w", workload)]
    words += [word for allocator in ALLOCATORS for word in ("-a", allocator)]
    subprocess.run([heapmark, "run", "-q", "-n", "1", "--sample-step", "0", "--instructions", "-o",
                    store] + words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shown = subprocess.run([heapmark, "show", "-i", store, "-f", "json"], check=True,
                           capture_output=True, text=True).stdout
    return {(trial["workload"], trial["allocator"]): (trial["instructions"], trial["operations"])
            for trial in json.loads(shown)["trials"]
            if trial["pass"] == "instructions" and trial["status"] == "ok"}


def cell(counts, runs):
    """The text of one cell: counts of (instructions, operations)."""
    if not counts:
        return "not counted"
    least, most = min(counts)[0], max(counts)[0]
    if counts[0][1] == 0:
        return "no calls"
    if len(counts) < runs:
        return "failed in %d of %d runs" % (runs - len(counts), runs)
    spread = "exact" if least == most else "range %.2g %%" % (100 * (most - least) / least)
    return "%.1f, %s" % (least / counts[0][1], spread)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--heapmark", default="./heapmark")
    parser.add_argument("workloads", nargs="*")
    options = parser.parse_args()
    workloads = options.workloads or all_workloads(options.heapmark)
    counts = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for run in range(options.runs):
            seen = count_once(options.heapmark, workloads, "%s/%d.db" % (folder, run))
            for place, value in seen.items():
                counts[place].append(value)
    print("%s, Linux %s, %d runs" % (time.strftime("%Y-%m-%d"), platform.release(), options.runs))
    print("\n| workload | %s |" % " | ".join(ALLOCATORS))
    print("| --- |" + " --- |" * len(ALLOCATORS))
    for workload in workloads:
        cells = [cell(counts[(workload, allocator)], options.runs) for allocator in ALLOCATORS]
        print("| %s | %s |" % (workload, " | ".join(cells)))


if __name__ == "__main__":
    main()
