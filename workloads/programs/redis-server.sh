#!/bin/sh
# redis-server under redis-benchmark on loopback. The words behind the script's name are what
# puts the server under the allocator ({under}, may be none).
requests=16000
log=server.log
pid_file=$PWD/server.pid
. "$HEAPMARK_PROGRAMS/server.sh"

launch() {
    shift
    "$@" redis-server --bind 127.0.0.1 --port "$port" --protected-mode yes --save '' \
        --appendonly no --daemonize no --loglevel notice --hz 10 --pidfile "$pid_file" \
        --dir "$PWD" >"$log" 2>&1 &
    server=$!
}

# By a command it ends at once; a signal it notices at its next tick, up to 100 ms later, which
# would drown what is measured.
stop() { redis-cli -p "$port" shutdown nosave; }

bench() {
    redis-benchmark -h 127.0.0.1 -p "$port" -c 20 -P 16 -n "$requests" -r 20000 -q "$@" >/dev/null
}

server_start 'Ready to accept connections' "$@" || exit
bench -d 256 -t set,get,lpush,rpop,sadd,hset,zadd &&
    bench -d 3000 -t set,lpush &&
    bench -t lrange_100 &&
    [ "$(redis-cli -p "$port" dbsize)" -gt 0 ] &&
    status=0
exit
