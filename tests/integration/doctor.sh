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
