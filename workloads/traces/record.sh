#!/bin/sh
# Records the traces that ship, each from a program of Debian 12, and writes README.md's table of
# where they come from: package, version, command, what was recorded.
#
#   workloads/traces/record.sh [NAME...]        all, or those named
#
# The packages: apt-get install sqlite3 python3 gcc redis-server redis-tools lua5.4 perl git
# nodejs rocksdb-tools. The traces differ a little from recording to recording: threads meet
# otherwise, pages of a service come at other moments.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
programs=$root/workloads/programs
heapmark=${HEAPMARK:-$root/heapmark}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$programs"/* "$work" # so that no trace holds a path of this machine
cd "$work"
export HEAPMARK_PROGRAMS=. LC_ALL=C TZ=UTC PYTHONHASHSEED=0

# record NAME "OPTIONS" COMMAND...: the command's output is of no interest, its failure is.
record() {
    name=$1 options=$2
    shift 2
    echo "recording $name"
    # shellcheck disable=SC2086 # options are words
    "$heapmark" record -q $options -o "$name.hmt" -- "$@" >output 2>&1 || { cat output; exit 1; }
    "$heapmark" trace verify "$name.hmt"
    mv "$name.hmt" "$here/$name.hmt"
}

sqlite3() {
    record sqlite3 "--only sqlite3" sh -c 'exec sqlite3 -bail :memory: <"$HEAPMARK_PROGRAMS/sqlite3.sql"'
}
# Every object by malloc: without PYTHONMALLOC most come from arenas that Python maps itself.
python3() {
    export PYTHONMALLOC=malloc
    record python3 "" /usr/bin/python3 -s -S python3.py 5
}
cc1() {
    sh ./gcc.sh >large.c
    record cc1 "--only cc1" gcc -O1 -S -o large.s large.c
}
lua5_4() { record lua5.4 "" lua5.4 lua5.4.lua; }

# Words counted, sorted by count, and put through regular expressions.
perl() {
    record perl "" /usr/bin/perl -e '
        use strict;
        my ($seed, %count, @lines) = (42);
        sub below { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed % shift }
        for my $line (1 .. 6000) {
            my $text = join " ", map { "w" . below(5000) } 1 .. 3 + below(12);
            push @lines, $text;
            $count{$_}++ for split / /, $text;
        }
        my @most = (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 99];
        my %rank = map { $most[$_] => $_ } 0 .. $#most;
        s/(w\d+)/exists $rank{$1} ? "<$rank{$1}>" : $1/ge for @lines;
        my %index;
        for my $n (0 .. $#lines) { push @{ $index{$1} }, $n while $lines[$n] =~ /<(\d+)>/g }
        print join(",", map { scalar @{ $index{$_} || [] } } 0 .. 99), "\n";'
}

# The history of a repository made here: every change as a patch with statistics.
git() {
    mkdir repository
    (
        cd repository
        /usr/bin/git init -q -b main .
        seq 1 3000 >numbers
        n=0
        while [ $n -lt 400 ]; do
            n=$((n + 1))
            sed -i "$((n * 17 % 2900 + 1))s/.*/changed in $n/; $((n * 31 % 2900 + 1))d" numbers
            seq $n $((n + 40)) >file.$((n % 30))
            /usr/bin/git add -A
            /usr/bin/git -c user.name=a -c user.email=a@example.org commit -q -m "change $n" \
                --date="2026-01-01T00:00:00Z"
        done
    )
    record git "--no-children" /usr/bin/git -C repository --no-pager log -p --stat -M
}

# A server whose load comes and falls away: four kinds of data are filled in, flushed by the
# background thread, and a small load goes on; 0.3 s of idling in between.
redis_server() {
    cat >redis.sh <<'SH'
    redis-server --port 0 --unixsocket "$PWD/socket" --save '' --appendonly no \
        --lazyfree-lazy-user-del yes --lazyfree-lazy-user-flush yes &
    server=$!
    until redis-cli -s socket ping | grep -q PONG; do sleep 0.05; done
    redis-benchmark -s socket -q -t set,lpush,hset,zadd -r 40000 -n 30000 -d 100 -P 16 -c 8
    redis-cli -s socket flushall async
    sleep 0.3
    redis-benchmark -s socket -q -t set,get -r 2000 -n 20000 -P 4 -c 4
    redis-cli -s socket shutdown nosave || true
    wait $server
SH
    record redis-server "--only redis-server" sh redis.sh
}

# zlib in the threads of libuv's pool: the pool's blocks are freed by the main thread and back.
node() {
    record node "" /usr/bin/node -e '
        const zlib = require("zlib");
        const bytes = Buffer.alloc(20000, "the quick brown fox jumps over the lazy dog 0123456789");
        let sent = 0;
        function next() {
            if (sent++ < 6000)
                zlib.deflate(bytes.subarray(0, 200 + sent * 37 % 5000), {level: 1}, next);
        }
        for (let i = 0; i < 4; i++) next();'
}

# An embedded store: two threads read and write, two more flush and compact behind them.
rocksdb() {
    record rocksdb "" db_bench --benchmarks=fillrandom,readrandom,readwhilewriting,compact \
        --num=10000 --reads=8000 --threads=2 --cache_size=1048576 --value_size=200 \
        --write_buffer_size=524288 --compression_type=lz4 --db=rocksdb --wal_dir=rocksdb --seed=42
}

all="sqlite3 python3 cc1 lua5_4 perl git redis_server node rocksdb"
for name in ${*:-$all}; do
    $name
done
ls -l "$here"/*.hmt
