# A soak of brkmap for a minute, in all builds and over a system that fails. Sourced by tests/run, one
# function a process; they take little of a CPU, so that other tests go on beside them.

soak() {
    local program=$1
    shift
    [ -x "$program" ] || { echo "needs $program"; exit 77; }
    "$program" "$@"
}

test_soak() {
    soak "$B/tests/soak/soak" --seconds 60 --busy 8
}

test_soak_when_the_system_fails() {
    soak "$B/tests/soak/soak_failing" --seconds 10 --busy 10 --fail 2 | tee "$TMP/out"
    ! grep -q ' 0 refusals' "$TMP/out"
}

test_soak_under_a_limit() {
    soak "$B/tests/soak/soak" --seconds 10 --busy 10 --limit 60 | tee "$TMP/out"
    ! grep -q ' 0 refusals' "$TMP/out"
}

test_soak_hardened() {
    soak "$B/tests/soak/soak_hardened" --seconds 20 --busy 8
}

test_soak_with_the_address_sanitizer() {
    soak build/asan/tests/soak/soak --seconds 20 --busy 15
}

test_soak_with_the_thread_sanitizer() {
    soak build/tsan/tests/soak/soak --seconds 20 --busy 15
}
