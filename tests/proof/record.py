#!/usr/bin/env python3
"""Records pairs of trials under noise, for tests/proof/replay to draw comparisons from.

    tests/proof/record.py calibrate      finds how long the planted delays have to be (half a minute)
    tests/proof/record.py check          times the delays that were found
    tests/proof/record.py status         which parts there are
    tests/proof/record.py record [N]     the next N parts (all); each takes 1 to 4 minutes
    tests/proof/record.py pack           writes tests/proof/corpora

Parts are kept in build/proof and never recorded twice: it can be interrupted and goes on. A machine that
others use at the same time makes other noise: PROOF_UNDER names a command that each part is run
under, such as one that waits for a lock. The rest is in docs/proof.md.
"""
import gzip
import json
import os
import sqlite3
import subprocess
import sys

from proof import (CONDITIONS, CORPORA, HEAPMARK, PLANTED_CONDITIONS, PLANTED_PERCENT, PLANTED_WORKLOADS,
                   ROOT, WORKLOADS, compare_json, in_noise, program, run, say, slow_library, under)

WORK = os.path.join(ROOT, "build/proof")
CALIBRATION = os.path.join(WORK, "calibration.json")
MANY_TURNS = 8000
CALIBRATION_BLOCKS = 30
SAME_BLOCKS, PLANTED_BLOCKS = 80, 60  # of a part


def parts():
    """Name -> (kind, condition): the whole plan, in the order of what is wanted most."""
    plan = {}
    for round_ in (0, 1):
        for condition in CONDITIONS:
            plan[f"same-{condition}-{round_}"] = ("same", condition)
        for condition in PLANTED_CONDITIONS:
            plan[f"slow-{condition}-{round_}"] = ("slow", condition)
    return plan


def store_of(part):
    return os.path.join(WORK, part + ".db")


# ---- calibration ---------------------------------------------------------------

def spin_cost(turns):
    """Nanoseconds a call of malloc that delays of so many turns add. Each in a process of its own with the
    base: many libraries would be in each other's way in the processor's tables of branches."""
    words = [program(WORK, "spin_cost"), slow_library(WORK, 0), slow_library(WORK, turns)]
    costs = [float(subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout.split()[0])
             for _ in range(3)]
    return sorted(costs)[1]


def measure_many():
    """Label -> change of time by delays of MANY_TURNS: value, low, high."""
    store = os.path.join(WORK, "calibration.db")
    if os.path.exists(store):
        os.remove(store)
    words = [HEAPMARK, "run", "-q", "-o", store, "-n", str(CALIBRATION_BLOCKS),
             "-a", "zero=" + slow_library(WORK, 0), "-a", "many=" + slow_library(WORK, MANY_TURNS)]
    for label in PLANTED_WORKLOADS:
        words += ["-w", WORKLOADS[label]]
    if run(words, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("calibration failed")
    report = compare_json(["run:/zero", "run:/many", "-o", store])
    return dict(zip(PLANTED_WORKLOADS, (w["measures"]["time"]["change"] for w in report["workloads"])))


def calibrate():
    """A delay of t turns adds a + b t; what it is of a workload follows from what MANY_TURNS are."""
    low, high = 200, MANY_TURNS
    cost = {n: spin_cost(n) for n in (low, high)}
    slope = (cost[high] - cost[low]) / (high - low)
    found = {"workloads": {}}
    for label, change in measure_many().items():
        of_time = (change["value"] - 1) / cost[high]  # share of time that a nanosecond a call is
        turns = {p: max(1, round(low + (p / 100 / of_time - cost[low]) / slope)) for p in PLANTED_PERCENT}
        found["workloads"][label] = {"many": change, "turns": turns}
    with open(CALIBRATION, "w") as file:
        json.dump(found, file, indent=1)
    check()


def check():
    """What the delays chosen are of each workload, each timed itself."""
    with open(CALIBRATION) as file:
        found = json.load(file)["workloads"]
    many = spin_cost(MANY_TURNS)
    print("| workload | changes by arithmetic, % |\n|---|---|")
    for label, workload in found.items():
        change = workload["many"]["value"] - 1
        planted = (f"{100 * change * spin_cost(turns) / many:.2f}" for turns in workload["turns"].values())
        print(f"| {label} | {', '.join(planted)} |", flush=True)


# ---- recording -----------------------------------------------------------------

def heapmark_run(store, blocks, libraries, workloads):
    words = [HEAPMARK, "run", "-q", "-o", store, "-n", str(blocks)]
    for name, library in libraries.items():
        words += ["-a", f"{name}={library}"]
    for label in workloads:
        words += ["-w", WORKLOADS[label]]
    return run(words, stdout=subprocess.DEVNULL).returncode


def record_part(part):
    """What runs under PROOF_UNDER and among the neighbours."""
    kind, _ = parts()[part]
    store = store_of(part) + ".part"
    if os.path.exists(store):
        os.remove(store)
    if kind == "same":
        pair = {"one": slow_library(WORK, 0), "two": slow_library(WORK, 0, "-twin")}
        failed = heapmark_run(store, SAME_BLOCKS, pair, WORKLOADS)
    else:
        failed = 0
        with open(CALIBRATION) as file:
            turns = {label: w["turns"] for label, w in json.load(file)["workloads"].items()}
        for label in PLANTED_WORKLOADS:
            libraries = {"slow0": slow_library(WORK, 0)}
            libraries.update((f"slow{p}", slow_library(WORK, n)) for p, n in turns[label].items())
            failed = failed or heapmark_run(store, PLANTED_BLOCKS, libraries, [label])
    if failed:
        sys.exit(f"{part} failed: {failed}")
    os.rename(store, store_of(part))


def record(most):
    wanted = [p for p in parts() if not os.path.exists(store_of(p))]
    program(WORK, "noise"), slow_library(WORK, 0), slow_library(WORK, 0, "-twin")
    for part in wanted[:most]:
        kind, condition = parts()[part]
        if kind == "slow" and not os.path.exists(CALIBRATION):
            sys.exit("planted changes want 'record.py calibrate' first")
        say("recording", part)
        words = [*under(), *in_noise(WORK, condition, [sys.executable, __file__, "part", part])]
        if subprocess.run(words, cwd=ROOT).returncode != 0:
            sys.exit(f"{part} failed")


# ---- packing -------------------------------------------------------------------

def labels_of(db, run_id):
    """Id of a workload in a store -> its name here."""
    names = {os.path.basename(word).removesuffix(".hmt"): label for label, word in WORKLOADS.items()}
    return {id_: names[label] for id_, label in
            db.execute("select id, label from workloads where run_id = ?", (run_id,))}


def pack_run(out, db, run_id):
    """One line a trial, in the order they were run in. Times in units of 100 ns, CPU time of a lap as what is
    missing from its wall time."""
    sides = dict(db.execute("select id, name from allocators where run_id = ?", (run_id,)))
    labels = labels_of(db, run_id)
    query = ("select id, workload_id, allocator_id, started_ns, elapsed_ns, run_delay_ns, status"
             " from trials where run_id = ? and pass = 'timed' order by started_ns")
    rows = db.execute(query, (run_id,)).fetchall()
    for i, (id_, workload, allocator, started, elapsed, delay, status) in enumerate(rows):
        if status != "ok":
            sys.exit(f"trial {id_} is {status}")
        # From its start to the next one's: what a trial costs, with all of the harness.
        spent = rows[i + 1][3] - started if i + 1 < len(rows) else elapsed
        laps = db.execute("select wall_ns, cpu_ns from laps where trial_id = ? order by lap", (id_,)).fetchall()
        times = " ".join(f"{round(w / 100)} {round((w - c) / 100)}" for w, c in laps)
        out.write(f"{labels[workload]} {sides[allocator]} {round(spent / 1e5)} {round(delay / 1000)}"
                  f" {times}\n".encode())


def pack_part(out, part):
    db = sqlite3.connect(f"file:{store_of(part)}?mode=ro", uri=True)
    for (run_id,) in db.execute("select id from runs order by id").fetchall():
        pack_run(out, db, run_id)


def pack():
    os.makedirs(CORPORA, exist_ok=True)
    groups = {}
    for part in parts():
        if os.path.exists(store_of(part)):
            groups.setdefault(part.rsplit("-", 1)[0], []).append(part)
    for corpus, members in groups.items():
        path = os.path.join(CORPORA, corpus + ".gz")
        with gzip.GzipFile(path, "wb", 9, mtime=0) as out:
            for part in members:
                pack_part(out, part)
        say(f"{os.path.getsize(path):8} {path}")


def main():
    os.makedirs(WORK, exist_ok=True)
    words = sys.argv[1:]
    if words == ["calibrate"]:
        calibrate()
    elif words == ["check"]:
        check()
    elif words == ["status"]:
        for part in parts():
            print("recorded" if os.path.exists(store_of(part)) else "wanted  ", part)
    elif words[:1] == ["record"] and len(words) <= 2:
        record(int(words[1]) if len(words) == 2 else None)
    elif words[:1] == ["part"] and len(words) == 2 and words[1] in parts():
        record_part(words[1])
    elif words == ["pack"]:
        pack()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
