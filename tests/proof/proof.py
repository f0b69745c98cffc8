"""What the programs of this folder share: conditions, workloads, libraries, running."""
import json
import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HEAPMARK = os.environ.get("HEAPMARK", os.path.join(ROOT, "heapmark"))
CORPORA = os.path.join(HERE, "corpora")

CONDITIONS = ("quiet", "hog", "bursts", "ci", "saturated", "compile")

# Label -> workload as -w takes it: the suite 'compare', and a recorded program.
WORKLOADS = {
    "dynamic-array": "dynamic-array:laps=12",
    "realloc-growth": "realloc-growth:laps=12",
    "matrix": "matrix:laps=12",
    "webserver": "webserver:laps=12",
    "webserver-2t": "webserver:threads=2,laps=12",
    "cc1": os.path.join(ROOT, "workloads/traces/cc1.hmt"),
}
# In which planted changes are recorded, too.
PLANTED_WORKLOADS = ("dynamic-array", "webserver", "webserver-2t", "cc1")
PLANTED_CONDITIONS = ("quiet", "ci")
PLANTED_PERCENT = (1, 2, 3, 5)

PRELOAD = ("-O2 -g -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-builtin-malloc "
           "-fno-builtin-calloc -fno-builtin-realloc -fno-builtin-free -fno-builtin-memalign "
           "-fno-builtin-aligned_alloc -shared -Wl,-z,now -Wl,-z,nodelete").split()
WARN = "-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror".split()


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def cc(*words):
    subprocess.run([os.environ.get("CC", "cc"), *WARN, *words], check=True)


def is_newer(source, target):
    return not os.path.exists(target) or os.path.getmtime(source) > os.path.getmtime(target)


def program(work, name):
    """tests/proof/NAME.c, built."""
    source, target = os.path.join(HERE, name + ".c"), os.path.join(work, name)
    if is_newer(source, target):
        cc("-O2", "-fno-builtin-malloc", "-fno-builtin-free", "-o", target, source, "-lm", "-ldl")
    return target


def slow_library(work, turns, twin=""):
    """glibc's malloc with a delay of so many turns in every 64th call; a twin is another file of it."""
    source = os.path.join(HERE, "slow.c")
    target = os.path.join(work, f"libslow-{turns}{twin}.so")
    if is_newer(source, target):
        cc(*PRELOAD, f"-DPROOF_TURNS={turns}", "-o", target, source)
    return target


def waste_library(work, percent, twin=""):
    source = os.path.join(HERE, "waste.c")
    target = os.path.join(work, f"libwaste-{percent}{twin}.so")
    if is_newer(source, target):
        cc(*PRELOAD, f"-DPROOF_PERCENT={percent}", "-o", target, source)
    return target


def in_noise(work, condition, words):
    """The command, with the neighbours of the condition."""
    return [program(work, "noise"), condition, *words]


def under():
    """A command that takes the machine for what it runs, where several people share one."""
    return shlex.split(os.environ.get("PROOF_UNDER", ""))


def run(words, **options):
    """Runs heapmark or what starts it. Exit status 1 and 2 are verdicts."""
    return subprocess.run(words, cwd=ROOT, check=False, **options)


def compare_json(words, prefix=()):
    """The report of heapmark compare; `prefix` is a command that runs it."""
    done = run([*prefix, HEAPMARK, "compare", "-q", "--format", "json", *words], stdout=subprocess.PIPE)
    if done.returncode not in (0, 1, 2):
        sys.exit(f"heapmark compare {' '.join(words)} failed with {done.returncode}")
    return json.loads(done.stdout)
