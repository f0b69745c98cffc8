# The programs behind docs/proof.md: neighbours that make noise end with what they disturb, however it ends.
# Each test_* is run by tests/run in a process of its own; see there.

noise() {
    [ -e "$TMP/noise" ] || ${CC:-cc} -std=c11 -D_GNU_SOURCE -O1 -o "$TMP/noise" tests/proof/noise.c -lm
    "$TMP/noise" "$@"
}
# Processes that run that program; those that only wait to be collected have no command line.
neighbours() { grep -lsxz "$TMP/nois[e]" /proc/[0-9]*/cmdline; }

test_neighbours_are_there_and_end_with_the_command() {
    [ "$(noise quiet sh -c 'echo ran; exit 7' || echo $?)" = "ran
7" ]
    noise saturated sh -c "until [ -e '$TMP/stop' ]; do sleep 0.02; done" &
    # Itself and two neighbours; the command has become another program.
    for i in $(seq 100); do
        [ "$(neighbours | wc -l)" != 3 ] || break
        sleep 0.05
    done
    [ "$(neighbours | wc -l)" = 3 ]
    touch "$TMP/stop"
    wait
    [ -z "$(neighbours)" ]
}

test_neighbours_do_not_outlive_a_killed_parent() {
    noise quiet true
    for condition in ci saturated compile; do
        "$TMP/noise" $condition sleep 30 &
        pid=$!
        for i in $(seq 100); do
            [ "$(neighbours | wc -l)" -lt 3 ] || break
            sleep 0.05
        done
        kill -9 $pid
        wait $pid || true
        for i in $(seq 50); do
            [ -n "$(neighbours)" ] || break
            sleep 0.1
        done
        [ -z "$(neighbours)" ]
    done
}

test_wrong_use() {
    [ "$(noise 2>"$TMP/err" || echo $?)" = 125 ]
    grep -q saturated "$TMP/err"
    [ "$(noise nosuch true 2>"$TMP/err" || echo $?)" = 125 ]
    [ "$(noise quiet /no/such/program 2>"$TMP/err" || echo $?)" = 125 ]
    grep -q '/no/such/program: No such file' "$TMP/err"
    command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }
    for words in 'record.py nosuch' 'live.py same nosuch' 'live.py'; do
        got=0
        python3 tests/proof/$words >"$TMP/out" 2>"$TMP/err" || got=$?
        [ $got = 1 ]
        grep -q "tests/proof/${words%% *}" "$TMP/err"
    done
}
