#!/bin/sh
# postgres under pgbench on a socket in the folder. `make` makes the cluster; `run` takes what puts
# the server under the allocator behind it ({under}, may be none).
bin=/usr/lib/postgresql/15/bin
log=$PWD/server.log
pid_file=$PWD/data/postmaster.pid
what=$1
shift

# The server refuses to be root, who calls himself somebody else in a namespace of users: so the
# folder stays his, and the allocator may lie where only root can read.
as=
[ "$(id -u)" != 0 ] || as='unshare --user --map-user=65534 --map-group=65534'

if [ "$what" = make ]; then
    $as $bin/initdb -D "$PWD/data" -U heapmark -A trust --no-sync --no-locale -E UTF8 >initdb.log 2>&1 ||
        { cat initdb.log >&2; exit 1; }
    exit
fi

. "$HEAPMARK_PROGRAMS/server.sh"

launch() {
    shift
    $as "$@" $bin/postgres -D "$PWD/data" -k "" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off \
        -c full_page_writes=off -c synchronous_commit=off -c autovacuum=off -c shared_buffers=16MB \
        -c max_parallel_workers_per_gather=0 -c work_mem=4MB >"$log" 2>&1 &
    server=$!
}

stop() { kill -INT "$(head -n 1 "$pid_file")"; }

cat >transaction.sql <<'EOF'
\set n random(1, 1000)
CREATE TEMP TABLE IF NOT EXISTS item AS
    SELECT i AS id, i % 97 AS kind, md5(i::text) AS name FROM generate_series(1, 1500) AS i;
SELECT kind, count(*), max(name), string_agg(left(name, 6), ',' ORDER BY name)
    FROM item WHERE id > :n % 500 GROUP BY kind ORDER BY 2 DESC, 1 LIMIT 20;
SELECT a.kind, sum(b.id) FROM item a JOIN item b ON a.id = b.kind * 13 GROUP BY 1 ORDER BY 2;
UPDATE item SET name = md5(name) WHERE id % 50 = :n % 50;
EOF

server_start 'ready to accept connections' "$@" || exit
pgbench -h 127.0.0.1 -p "$port" -U heapmark -n -c 2 -j 1 -t 25 --random-seed=1 -f transaction.sql \
    postgres >answers 2>&1 &&
    grep -q '^number of transactions actually processed: 50/50' answers &&
    status=0 || cat answers >&2
exit
