#!/usr/bin/env python3
"""What recording costs: real programs, plain and recorded in interleaved pairs.

    tests/figures/record_cost.py [--rounds N] [--no-heaptrack] [PROGRAM...]

For each program: CPU time of the recorded program over that of the plain one; the same with all of
heapmark record counted; bytes on disk an operation; and heaptrack's CPU time over the plain one's,
where it is installed. Medians of the pairs' ratios, with their least and largest in brackets (of
seven pairs that is a 98 % interval). The last row is wall time of two threads that free each
other's blocks.
"""
import argparse, math, os, re, shutil, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAPMARK = os.environ.get("HEAPMARK", os.path.join(ROOT, "heapmark"))

SQL = """pragma journal_mode=off; create table t(a integer primary key, b text, c text);
with recursive n(x) as (select 1 union all select x+1 from n where x<300000)
insert into t select x, hex(x*7919), printf('%08d', x) from n;
create index i on t(b); select count(*), sum(length(c)) from t where b like '%3%';"""
PYTHON = """
import json, collections
rows = [{'id': i, 'name': 'n%d' % i, 'tags': [str(i * k) for k in range(5)]} for i in range(60000)]
text = json.dumps(rows); back = json.loads(text)
print(len(text), len(collections.Counter(t for r in back for t in r['tags'])))
"""
LUA = """local t = {} for i = 1, 600000 do t[i % 5000] = { i, tostring(i), { i } } end
local n = 0 for _, v in pairs(t) do n = n + #v[2] end print(n)"""
PERL = """my %h; for my $i (1..700000) { $h{$i % 20000} .= "x$i"; delete $h{$i % 777} if $i % 3 == 0 }
my @s = sort map { substr($_, 0, 20) } values %h; print scalar(@s), "\\n";"""
Z3 = "(declare-const x Int)(declare-const y Int)(declare-const z Int)\n" + "".join(
    f"(push)(assert (and (> (+ (* {i} x) y) {i*3}) (< (- x (* 2 z)) {i}) (= (mod (+ x y z) 7) {i%7})))(check-sat)(pop)\n"
    for i in range(1, 700))
TWO_THREADS = """#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
static void *_Atomic box[2][4096];
static void *work(void *a) {
    uintptr_t me = (uintptr_t)a; unsigned s = (unsigned)me + 1;
    for (int i = 0; i < 6000000; i++) {
        s = s * 1103515245u + 12345u;
        free(__atomic_exchange_n(&box[!me][s >> 20], malloc((s >> 8) % 500 + 1), __ATOMIC_ACQ_REL));
        void *mine = __atomic_exchange_n(&box[me][s >> 20], 0, __ATOMIC_ACQ_REL);
        free(mine);
    }
    return 0;
}
int main(void) {
    pthread_t t[2];
    for (uintptr_t i = 0; i < 2; i++) pthread_create(&t[i], 0, work, (void *)i);
    for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
    return 0;
}"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def prepare(folder):
    """Name -> (words, process name to record, extra environment)."""
    def words_file():
        path = os.path.join(folder, "words")
        state = 1
        with open(path, "w") as file:
            for _ in range(600000):
                state = state * 1103515245 + 12345 & 0x7FFFFFFF
                file.write("%x\n" % state)
        return path
    words = words_file()
    lines = "".join(f"int f{i}(int *a, int n) {{ int s = {i}; for (int j = 0; j < n; j++) s += a[j] * (j ^ {i}) > s ? a[j] : {i} - s; return s; }}\n" for i in range(500))
    source = write(folder, "many.c", "#include <stdio.h>\n#include <stdlib.h>\n" + lines)
    two = os.path.join(folder, "two")
    subprocess.run(["cc", "-O1", "-fno-builtin", "-pthread", "-w", "-o", two, write(folder, "two.c", TWO_THREADS)], check=True)
    null = {}
    return {
        "sqlite3": (["sqlite3", ":memory:", SQL], "sqlite3", null),
        "python3": (["/usr/bin/python3", "-c", PYTHON], None, null),
        "python3, PYTHONMALLOC=malloc": (["/usr/bin/python3", "-c", PYTHON], None, {"PYTHONMALLOC": "malloc"}),
        "lua5.4": (["lua5.4", write(folder, "a.lua", LUA)], "lua5.4", null),
        "perl": (["perl", write(folder, "a.pl", PERL)], "perl", null),
        "gcc -O2 (cc1)": (["gcc", "-O2", "-S", "-o", "/dev/null", source], "cc1", null),
        "git log -p": (["git", "-C", ROOT, "--no-pager", "log", "-p", "-n", "60"], "git", null),
        "git grep": (["git", "-C", ROOT, "--no-pager", "grep", "-cE", "(a|b)[a-z]+e", "HEAD"], "git", null),
        "sort --parallel=2": (["sort", "--parallel=2", "-S", "40M", words], "sort", null),
        "xz -T2": (["xz", "-T2", "-3", "--block-size=1MiB", "-kc", words], "xz", null),
        "z3": (["z3", write(folder, "a.smt2", Z3)], "z3", null),
    }, two


TIMER = ["bash", "-c", 'TIMEFORMAT="%U %S %R"; { time "$@" >/dev/null 2>/dev/null; } 2>"$TIMES"', "timer"]


def run(words, folder, extra, before=()):
    """(CPU seconds of the program, CPU seconds in all, wall seconds)."""
    times = os.path.join(folder, "times")
    env = dict(os.environ, TIMES=times, **extra)
    child = subprocess.Popen([*before, *TIMER, *words], env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    user, system, wall = map(float, open(times).read().split())
    return user + system, usage.ru_utime + usage.ru_stime, wall, said


def under_heaptrack(words, folder, extra):
    before = resource_cpu()
    with tempfile.TemporaryDirectory() as own:
        subprocess.run(["heaptrack", "-o", os.path.join(own, "data"), *words], env=dict(os.environ, **extra), cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300, check=True)
    return resource_cpu() - before


def resource_cpu():
    t = os.times()
    return t.children_user + t.children_system


def spread(values):
    return f"{statistics.median(values):.2f} [{min(values):.2f}, {max(values):.2f}]"


def measure(name, words, only, extra, rounds, folder, heaptrack):
    trace = os.path.join(folder, "trace.hmt")
    record = [HEAPMARK, "record", "-o", trace, "--only", only or os.path.basename(os.path.realpath(words[0])), "--"]
    own, total, plain_cpu = [], [], []
    run(words, folder, extra)
    for i in range(rounds):
        pair = {}
        for recorded in (i % 2 == 0, i % 2 != 0):
            pair[recorded] = run(words, folder, extra, record if recorded else ())
        own.append(pair[True][0] / pair[False][0])
        total.append(pair[True][1] / pair[False][1])
        plain_cpu.append(pair[False][0])
    said = re.findall(r"(\d+) operations", pair[True][3])
    operations = sum(map(int, said))
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if f.startswith("trace") and f.endswith(".hmt"))
    stalls = "stalls" in pair[True][3] or "lost" in pair[True][3]
    ratio = "n/a"
    if heaptrack:
        try:
            ratio = f"{under_heaptrack(words, folder, extra) / statistics.median(plain_cpu):.1f}"
        except subprocess.TimeoutExpired:
            ratio = "over 300 s"
        except subprocess.CalledProcessError:
            ratio = "failed"
    for f in os.listdir(folder):
        if f.startswith("trace"):
            os.remove(os.path.join(folder, f))
    print(f"| {name} | {statistics.median(plain_cpu):.2f} s | {operations:,} | {spread(own)} | {spread(total)} | "
          f"{size / max(operations, 1):.2f} | {ratio} |{' stalls or losses!' if stalls else ''}", flush=True)
    return statistics.median(own), statistics.median(total), size / max(operations, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-heaptrack", action="store_true")
    parser.add_argument("programs", nargs="*")
    options = parser.parse_args()
    heaptrack = not options.no_heaptrack and shutil.which("heaptrack")
    with tempfile.TemporaryDirectory() as folder:
        programs, two = prepare(folder)
        print("| program | plain CPU | operations | CPU, program | CPU, with the collector | bytes/op | heaptrack CPU |")
        print("| --- | --: | --: | --: | --: | --: | --: |")
        results = []
        for name, (words, only, extra) in programs.items():
            if options.programs and not any(p in name for p in options.programs):
                continue
            if not shutil.which(words[0]):
                print(f"| {name} | not installed |")
                continue
            results.append(measure(name, words, only, extra, options.rounds, folder, heaptrack))
        mean = [math.exp(statistics.mean(math.log(r[i]) for r in results)) for i in range(3)] if results else [0] * 3
        print(f"| geometric mean | | | {mean[0]:.3f} | {mean[1]:.3f} | {mean[2]:.2f} | |")
        walls = []
        for _ in range(options.rounds):
            plain = run([two], folder, {})[2]
            walls.append(run([two], folder, {}, [HEAPMARK, "record", "-q", "-o", os.path.join(folder, "two.hmt"), "--only", "two", "--"])[2] / plain)
        print(f"| two threads, each frees the other's blocks: wall | | | {spread(walls)} | | | |")


main()
