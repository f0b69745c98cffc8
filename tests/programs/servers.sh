# Servers and a browser; see tests/programs_under.sh.

# wait_for COMMAND...: until it works, for some seconds.
wait_for() {
    for _ in $(seq 150); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "never answered: $*" >&2
    return 1
}

program_redis() {
    # needs redis-server redis-cli redis-benchmark
    redis-server --port 0 --unixsocket "$PWD/s" --save '' --dir "$PWD" --io-threads 2 --enable-debug-command yes >server.log &
    wait_for redis-cli -s "$PWD/s" ping
    for i in $(seq 20000); do printf 'set key%d %0*d\r\nrpush list%d %d\r\nhset hash%d f%d %d\r\n' "$i" $((i % 400 + 1)) "$i" $((i % 50)) "$i" $((i % 300)) "$i" "$i"; done |
        redis-cli -s "$PWD/s" --pipe | tail -n 1
    redis-cli -s "$PWD/s" debug digest
    redis-cli -s "$PWD/s" debug reload
    redis-cli -s "$PWD/s" debug digest
    redis-benchmark -s "$PWD/s" -n 20000 -c 20 -P 8 -d 300 -r 5000 -q -t set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset >bench.log
    grep -c 'requests per second' bench.log
    redis-cli -s "$PWD/s" config set activedefrag no
    redis-cli -s "$PWD/s" eval 'local n = 0 for i = 1, 20000 do n = n + #redis.call("get", "key" .. i) end return n' 0
    redis-cli -s "$PWD/s" bgsave && sleep 1
    redis-cli -s "$PWD/s" flushall
    redis-cli -s "$PWD/s" shutdown nosave || :
    wait
}

program_memcached() {
    # needs memcached python3
    [ "$(id -u)" != 0 ] || as="-u nobody"
    chmod 777 .
    memcached ${as:-} -s "$PWD/s" -a 777 -t 4 -m 64 &
    local server=$!
    wait_for test -S "$PWD/s"
    env -u LD_PRELOAD /usr/bin/python3 - "$PWD/s" <<'PY'
import socket, sys, threading
def talk(n):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); f = s.makefile('rwb')
    for i in range(4000):
        v = b'x' * (i * 7 % 3000); f.write(b'set k%d-%d 0 0 %d\r\n%s\r\n' % (n, i, len(v), v)); f.flush(); assert f.readline() == b'STORED\r\n'
    for i in range(3500, 4000):
        f.write(b'get k%d-%d\r\n' % (n, i)); f.flush(); h = f.readline().split(); assert int(h[3]) == i * 7 % 3000; f.read(int(h[3]) + 2); f.readline()
    done.append(n)
done = []; t = [threading.Thread(target=talk, args=(n,)) for n in range(6)]; [x.start() for x in t]; [x.join() for x in t]; print(sorted(done))
PY
    kill $server
    wait $server || :
}

program_nginx() {
    # needs nginx curl
    mkdir www logs
    seq 30000 >www/numbers
    for i in $(seq 50); do head -c $((i * 3000)) www/numbers >"www/file$i"; done
    local user=
    [ "$(id -u)" != 0 ] || user="user root;"
    cat >nginx.conf <<CONF
$user daemon off; worker_processes 2; pid $PWD/pid; error_log $PWD/error.log;
events { worker_connections 256; }
http { access_log off; client_body_temp_path $PWD/body; proxy_temp_path $PWD/proxy; fastcgi_temp_path $PWD/fcgi; uwsgi_temp_path $PWD/uwsgi; scgi_temp_path $PWD/scgi;
  gzip on; gzip_types *; server { listen unix:$PWD/s; root $PWD/www; } server { listen unix:$PWD/p; location / { proxy_pass http://unix:$PWD/s; } } }
CONF
    nginx -c "$PWD/nginx.conf" -p "$PWD" 2>>start.log &
    local server=$!
    wait_for curl -sf --unix-socket "$PWD/s" http://x/file1
    for round in 1 2 3 4; do
        for i in $(seq 50); do
            curl -s --compressed --unix-socket "$PWD/s" "http://x/file$i" &
            curl -s --compressed --unix-socket "$PWD/p" "http://x/file$i" | md5sum >>"sums$round"
            wait $!
        done | md5sum
        sort -u "sums$round" | wc -l
    done
    kill "$server"
    wait "$server" || :
}

program_postgres() {
    # needs psql pg_config
    local bin as=
    bin=$(pg_config --bindir)
    chmod 777 .
    # It refuses to run as root.
    [ "$(id -u)" != 0 ] || as="setpriv --reuid=postgres --regid=postgres --clear-groups"
    mkdir -m 777 base
    $as "$bin/initdb" -D base/data -A trust -U postgres --no-sync >/dev/null
    $as "$bin/pg_ctl" -s -w -D base/data -l base/log -o "-k $PWD/base -h '' -c fsync=off" start
    local sql="psql -q -X -A -t -h $PWD/base -U postgres"
    $sql -c "create table t as select i as a, repeat(md5(i::text), i % 20) as b from generate_series(1, 100000) i; create index on t(b); analyze t;"
    $sql -c "select count(distinct b), sum(length(b)), md5(string_agg(b, ',' order by a)) from t"
    $sql -c "set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; select a % 10, count(*), max(b) from t group by 1 order by 1" | md5sum
    "$bin/pgbench" -h "$PWD/base" -U postgres -i -q -s 2 postgres 2>/dev/null >/dev/null
    "$bin/pgbench" -h "$PWD/base" -U postgres -n -c 6 -j 2 -t 300 postgres 2>&1 | grep 'actually processed'
    $sql -c "select sum(abalance) = (select sum(delta) from pgbench_history), count(*) from pgbench_accounts"
    $sql -c "with recursive r(n, s) as (select 1, 'x' union all select n + 1, s || n from r where n < 2000) select md5(max(s)) from r"
    $as "$bin/pg_ctl" -s -w -D base/data -m fast stop
}

page() {
    cat <<'HTML'
<html><body><canvas id=c width=300 height=200></canvas><div id=d></div><script>
let s = []; for (let i = 0; i < 200000; i++) s.push({ i, t: 'x'.repeat(i % 20) });
let d = document.getElementById('d'); for (let i = 0; i < 3000; i++) { let p = document.createElement('p'); p.textContent = 'paragraph ' + s[i * 50].t; d.append(p); }
let g = document.getElementById('c').getContext('2d'); for (let i = 0; i < 300; i++) { g.fillStyle = `hsl(${i},80%,50%)`; g.fillRect(i, i % 150, 20, 20); }
d.append('sum ' + s.reduce((a, x) => a + x.t.length, 0));
</script></body></html>
HTML
}

program_chromium() {
    # needs /usr/lib/chromium/chromium chromium
    page >page.html
    local flags="--headless --no-sandbox --disable-gpu --no-first-run --user-data-dir=$PWD/profile --window-size=800,600 --virtual-time-budget=5000"
    chromium $flags --dump-dom "file://$PWD/page.html" 2>/dev/null | md5sum
    chromium $flags --screenshot="$PWD/shot.png" "file://$PWD/page.html" 2>/dev/null
    md5sum shot.png
}

program_webengine() {
    # needs /usr/bin/python3
    # Chromium as a library, which has no malloc of its own. Debian: python3-pyqt5.qtwebengine.
    /usr/bin/python3 -c 'import PyQt5.QtWebEngineWidgets' 2>/dev/null || { echo "without python3-pyqt5.qtwebengine"; return; }
    page >page.html
    cat >load.py <<'PY'
import sys
from PyQt5.QtCore import QUrl, QTimer
from PyQt5.QtWidgets import QApplication
from PyQt5.QtWebEngineWidgets import QWebEnginePage
application = QApplication(sys.argv + ['--no-sandbox', '--disable-gpu'])
page = QWebEnginePage()
def show(text):
    sys.stdout.write(text)
    sys.stdout.flush()
    application.quit()
page.loadFinished.connect(lambda ok: page.toHtml(show) if ok else sys.exit(1))
page.load(QUrl.fromLocalFile(sys.argv[1]))
QTimer.singleShot(120000, lambda: sys.exit(2))
application.exec_()
PY
    QTWEBENGINE_DISABLE_SANDBOX=1 QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software XDG_RUNTIME_DIR=$PWD PYTHONMALLOC=malloc /usr/bin/python3 load.py "$PWD/page.html" >out.html
    wc -l <out.html
    md5sum <out.html
}

program_libreoffice() {
    # needs soffice
    seq 3000 | sed 's/$/, a line of text with some words/' >text.csv
    soffice --headless --convert-to pdf --outdir . text.csv >/dev/null 2>&1
    soffice --headless --convert-to html --outdir . text.csv >/dev/null 2>&1
    [ -s text.pdf ] && md5sum <text.html
}
