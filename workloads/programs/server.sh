# What the scripts of servers share; read with '.', not run. Such a script sets `log` (the file that
# the server writes to) and `pid_file`, defines
#
#     launch PORT UNDER...    starts the server in the background, the words UNDER before it, and
#                             sets $server
#     stop                    asks it to end, by whatever makes it end soonest
#
# and calls server_start 'PATTERN' UNDER... (PATTERN: of the log line that says it is ready; UNDER:
# what puts a program under the allocator, may be none). Then $port is its port.
# Whatever happens, the server's end is waited for, so that its CPU time counts and nothing is left
# behind. The script ends with `status`, or the server's own status where that is not 0.
server= ours=no status=1

# The signal is for a server that never came up (somebody else's may be what listens on that port),
# and goes to the server itself: $server may be a tracer that keeps signals to itself.
server_finish() {
    trap - EXIT INT TERM HUP
    if [ -n "$server" ]; then
        { [ "$ours" = yes ] && stop >/dev/null 2>&1; } ||
            kill -TERM "$(head -n 1 "$pid_file" 2>/dev/null || echo "$server")" 2>/dev/null
        wait "$server"
        ended=$?
        if [ "$ended" -ne 0 ]; then
            status=$ended
            tail -n 5 "$log" >&2
        fi
    fi
    exit "$status"
}
trap server_finish EXIT
trap 'status=143; exit' INT TERM HUP

# False when no port was free or the server did not come up.
server_start() {
    pattern=$1
    shift
    attempt=0
    while [ "$attempt" -lt 20 ]; do
        # 20000 to 31999: below the ports that the system hands out by itself.
        port=$((20000 + ($$ * 7 + attempt * 101) % 12000))
        # What an earlier server wrote must not speak for this one.
        rm -f "$pid_file" "$log"
        launch "$port" "$@"
        if server_ready "$pattern"; then
            ours=yes
            return 0
        fi
        # Taken by another process: the next one. Anything else is a failure of the server.
        if ! grep -qs 'in use' "$log"; then
            return 1
        fi
        wait "$server"
        server=
        attempt=$((attempt + 1))
    done
    echo "no free port on 127.0.0.1 between 20000 and 31999" >&2
    return 1
}

# The server's own log tells, since another server could be what answers on that port.
server_ready() {
    waited=0
    while [ "$waited" -lt 2500 ] && [ -d "/proc/$server" ]; do
        if grep -qs "$1" "$log"; then
            return 0
        fi
        if grep -qs 'in use' "$log"; then
            return 1
        fi
        waited=$((waited + 1))
        sleep 0.002
    done
    return 1
}
