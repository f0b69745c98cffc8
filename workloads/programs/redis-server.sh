#!/bin/sh
# redis-server under redis-benchmark on loopback. The words behind the script's name are what
# puts the server under the allocator ({under}, may be none).
#
# The server is always shut down: its end is waited for, so that its CPU time counts and nothing
# is left behind, whatever went wrong before. Exits with the server's status if that is not 0.
requests=16000
server= ours=no status=1
pid_file=$PWD/server.pid

# Asked by a command, the server ends at once; a signal it notices at its next tick, up to 100 ms
# later, which would drown what is measured. The signal is for one that never came up (somebody
# else's may be what listens on that port), and goes to the server itself: $server may be a tracer
# that keeps signals to itself.
finish() {
    trap - EXIT INT TERM HUP
    if [ -n "$server" ]; then
        { [ "$ours" = yes ] && redis-cli -p "$port" shutdown nosave >/dev/null 2>&1; } ||
            kill -TERM "$(cat "$pid_file" 2>/dev/null || echo "$server")" 2>/dev/null
        wait "$server"
        ended=$?
        if [ "$ended" -ne 0 ]; then
            status=$ended
            tail -n 5 server.log >&2
        fi
    fi
    exit "$status"
}
trap finish EXIT
trap 'status=143; exit' INT TERM HUP

# Sets $server and $port; false when no port was free or the server did not come up.
start() {
    attempt=0
    while [ "$attempt" -lt 20 ]; do
        # 20000 to 31999: below the ports that the system hands out by itself.
        port=$((20000 + ($$ * 7 + attempt * 101) % 12000))
        # What an earlier server wrote must not speak for this one.
        rm -f "$pid_file" server.log
        "$@" redis-server --bind 127.0.0.1 --port "$port" --protected-mode yes --save '' \
            --appendonly no --daemonize no --loglevel notice --hz 10 --pidfile "$pid_file" \
            --dir "$PWD" >server.log 2>&1 &
        server=$!
        if ready; then
            ours=yes
            return 0
        fi
        # Taken by another process: the next one. Anything else is a failure of the server.
        if ! grep -qs 'in use' server.log; then
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
ready() {
    waited=0
    while [ "$waited" -lt 2500 ] && [ -d "/proc/$server" ]; do
        if grep -qs 'Ready to accept connections' server.log; then
            return 0
        fi
        if grep -qs 'in use' server.log; then
            return 1
        fi
        waited=$((waited + 1))
        sleep 0.002
    done
    return 1
}

bench() {
    redis-benchmark -h 127.0.0.1 -p "$port" -c 20 -P 16 -n "$requests" -r 20000 -q "$@" >/dev/null
}

start "$@" || exit
bench -d 256 -t set,get,lpush,rpop,sadd,hset,zadd &&
    bench -d 3000 -t set,lpush &&
    bench -t lrange_100 &&
    [ "$(redis-cli -p "$port" dbsize)" -gt 0 ] &&
    status=0
exit
