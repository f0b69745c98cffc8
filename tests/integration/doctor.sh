# What disturbs: flags of single trials, and heapmark doctor.
# Each test_* is run by tests/run in a process of its own; see there.

test_disturbed_trials_are_counted_and_named() {
    store=$TMP/results.db
    "$HEAPMARK" run -w pairs:laps=5 -n 4 -a glibc -a bump -o "$store" -q
    # What the machine did to these trials is made forgotten, but for two of them.
    sqlite3 "$store" "update trials set steal_ticks = 0, run_delay_ns = 0, involuntary_switches = 0;
                      update laps set wall_ns = 5000000;
                      update trials set run_delay_ns = elapsed_ns, steal_ticks = 1000000
                          where id in (select id from results where allocator = 'bump' and pass = 'timed'
                                       order by block limit 2)"
    "$HEAPMARK" show -i "$store" >"$TMP/text"
    grep -qx '    disturbed: bump 2 of 4 trials (steal 2, waited 2)' "$TMP/text"
    "$HEAPMARK" show -i "$store" -f md | grep -qx 'bump, disturbed: 2 of 4 trials (steal 2, waited 2)'
    "$HEAPMARK" show -i "$store" -f trials >"$TMP/trials"
    [ "$(grep -c ',steal waited,' "$TMP/trials")" = 2 ]
    "$HEAPMARK" show -i "$store" -f csv >"$TMP/csv"
    "$HEAPMARK" show -i "$store" -f json >"$TMP/json"
    /usr/bin/python3 - "$TMP" <<'PY'
import csv, json, sys
cells = {r["allocator"]: r["disturbed"] for r in csv.DictReader(open(sys.argv[1] + "/csv"))}
assert cells == {"glibc": "0", "bump": "2"}, cells
run = json.load(open(sys.argv[1] + "/json"))
assert sorted(t["disturbed"] for t in run["trials"] if t["disturbed"]) == [["steal", "waited"]] * 2
assert [c["disturbed"] for c in run["summary"]["cells"]] == [0, 2]
PY
    # Nothing is said of trials that nothing has disturbed.
    sqlite3 "$store" "update trials set run_delay_ns = 0, steal_ticks = 0"
    ! "$HEAPMARK" show -i "$store" | grep -qi disturbed
}

# The exit status tells of this machine, which may be any; 2 would be a failure.
look() {
    status=0
    "$HEAPMARK" doctor "$@" >"$TMP/found" || status=$?
    [ $status -le 1 ]
}

test_doctor_looks_and_says_how_to_mend() {
    look --quick -o "$TMP/results.db"
    for name in virtual cpus governor load steal memory disk clocksource timer counters tools allocators; do
        grep -qE "^(ok|note|warning) +$name " "$TMP/found" || { echo "$name is missing"; exit 1; }
    done
    # Whatever is not ok has a line that says why, and one that says how to mend it.
    awk '/^(note|warning) /{ want = 2; next } want == 2 { if (!/^ /) exit 1; want = 1; next }
         want == 1 { if (!/^ +mend: ./) exit 1; want = 0 }' "$TMP/found"
    warnings=$(grep -c '^warning ' "$TMP/found" || true)
    [ "$status" = "$((warnings > 0))" ]
    [ ! -e "$TMP/results.db.doctor.json" ]       # nothing measured, nothing kept
    PATH=/nowhere look --quick
    grep -qE '^note +tools +none; not found: gnuplot strace hyperfine valgrind' "$TMP/found"
    grep -q 'mend: apt-get install gnuplot-nox' "$TMP/found"
}

test_doctor_compares_an_allocator_with_itself() {
    look --time 0s -w pairs:laps=3,pairs=20000 -a bump -o "$TMP/results.db" --format json
    /usr/bin/python3 - "$TMP/found" <<'PY'
import json, sys
result = json.load(open(sys.argv[1]))
names = [f["name"] for f in result["findings"]]
assert len(names) == len(set(names)) and {"noise", "trials", "timer"} <= set(names), names
for finding in result["findings"]:
    assert finding["severity"] in ("ok", "note", "warning")
    assert (finding["severity"] == "ok") == (finding["mend"] is None) == (finding["effect"] is None)
self = result["self_comparison"]
assert self["allocator"] == "bump" and self["pairs"] == 20 and self["pair_s"] > 0
looks = [look["pairs"] for look in self["looks"]]
assert looks == [20, 40, 80, 160][:len(looks)]
assert [look["extrapolated"] for look in self["looks"]] == [False] + [True] * (len(looks) - 1)
assert self["trials"]["trials"] == 40
PY
    cmp "$TMP/found" "$TMP/results.db.doctor.json"
}

test_runs_carry_what_disturbs() {
    store=$TMP/results.db
    look --time 0s -w pairs:laps=3,pairs=20000 -o "$store"
    "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -q -o "$store"
    fact() { sqlite3 "$store" "select value from facts where name = '$1'"; }
    for name in load memory governor clocksource; do
        fact doctor_$name | grep -qE '^(ok|note|warning): .'
    done
    # Made to be known, whatever this machine is like.
    sqlite3 "$store" "update facts set value = 'warning: 9.50 of 2 CPUs' where name = 'doctor_load'"
    /usr/bin/python3 - "$store.doctor.json" "$(fact self_noise_half_width)" "$(fact self_noise_seconds)" <<'PY'
import json, sys
self = json.load(open(sys.argv[1]))["self_comparison"]
last = self["looks"][-1]
if last["half_width"] is None:
    assert sys.argv[2] == ""
else:
    assert abs(float(sys.argv[2]) / last["half_width"] - 1) < 1e-4
    assert abs(float(sys.argv[3]) / (last["pairs"] * self["pair_s"]) - 1) < 1e-4
PY
    "$HEAPMARK" show -i "$store" >"$TMP/table"
    grep -qx '    load: 9.50 of 2 CPUs' "$TMP/table"
    if [ -n "$(fact self_noise_half_width)" ]; then grep -q '^noise of the machine: ' "$TMP/table"; fi
    # Of another host, or damaged: the run goes on without.
    sed -i 's/"host": "[^"]*"/"host": "elsewhere"/' "$store.doctor.json"
    "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -q -o "$store"
    head -c 100 "$store.doctor.json" >"$TMP/half" && mv "$TMP/half" "$store.doctor.json"
    "$HEAPMARK" run -w pairs:laps=2 -n 1 -a glibc -q -o "$store"
    [ "$(sqlite3 "$store" "select count(*) from facts where name = 'self_noise_half_width'")" -le 1 ]
    [ "$(sqlite3 "$store" "select count(*) from facts where name = 'doctor_load'")" = 3 ]
}

refused() {
    status=0
    "$HEAPMARK" doctor "$@" >"$TMP/out" 2>"$TMP/err" || status=$?
    [ $status = 2 ] && [ ! -s "$TMP/out" ]
    [ "$(grep -c '^heapmark doctor: ' "$TMP/err")" = 1 ]
}

test_doctor_refuses_with_one_line() {
    refused --time nonsense && grep -q 'give a time' "$TMP/err"
    refused --format xml && grep -q 'text json' "$TMP/err"
    refused quick
    refused -w nosuch -o "$TMP/x.db" && grep -q nosuch "$TMP/err"
    refused -w sqlite3 -o "$TMP/x.db" && grep -q synthetic "$TMP/err"
    refused -a nosuch -o "$TMP/x.db" && grep -q nosuch "$TMP/err"
    refused -a all -o "$TMP/x.db" && grep -q 'one allocator' "$TMP/err"
    refused -o "$TMP/nofolder/x.db" && grep -q nofolder "$TMP/err"
    status=0
    "$HEAPMARK" doctor --quick >/dev/full 2>"$TMP/err" || status=$?
    [ $status = 2 ] && grep -q 'No space left' "$TMP/err"
}

test_doctor_prints_what_it_cannot_keep() {
    ln -s /dev/full "$TMP/full.db.doctor.json"
    mkdir "$TMP/folder.db.doctor.json"
    for store in full folder; do
        status=0
        "$HEAPMARK" doctor --time 0s -w pairs:laps=3,pairs=20000 -o "$TMP/$store.db" >"$TMP/out" 2>"$TMP/err" || status=$?
        [ $status = 2 ] && grep -q 'compared with itself' "$TMP/out"
        grep -qE "cannot write .*$store" "$TMP/err"
    done
}

test_doctor_ends_at_an_interruption() {
    "$HEAPMARK" doctor --time 100s -w pairs:laps=3,pairs=20000 -o "$TMP/x.db" >"$TMP/out" &
    doctor=$!
    [ -r /proc/$doctor/task/$doctor/children ] || { kill -9 $doctor; echo "the kernel does not list children"; exit 77; }
    until [ -n "$(cat /proc/$doctor/task/$doctor/children)" ]; do sleep 0.1; done
    kill -INT $doctor
    status=0
    wait $doctor || status=$?
    [ $status = 130 ] && grep -q '^ok ' "$TMP/out" && [ ! -e "$TMP/x.db.doctor.json" ]
    ! grep -q 'compared with itself' "$TMP/out"
}
