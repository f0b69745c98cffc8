#!/bin/sh
# nginx under wrk on loopback. The words behind the script's name are what puts the server under
# the allocator ({under}, may be none).
log=$PWD/error.log
pid_file=$PWD/nginx.pid
. "$HEAPMARK_PROGRAMS/server.sh"

# One worker, as the folder's owner, everything it writes in the folder.
configure() {
    cat >nginx.conf <<EOF
worker_processes 1;
daemon off;
$([ "$(id -u)" != 0 ] || echo "user $(id -un) $(id -gn);")
pid "$pid_file";
error_log "$log" notice;
events { worker_connections 128; }
http {
    access_log off;
    client_body_temp_path "$PWD/tmp-body";
    proxy_temp_path "$PWD/tmp-proxy";
    fastcgi_temp_path "$PWD/tmp-fastcgi";
    uwsgi_temp_path "$PWD/tmp-uwsgi";
    scgi_temp_path "$PWD/tmp-scgi";
    gzip on; gzip_min_length 100; gzip_comp_level 1;
    keepalive_requests 50;
    server {
        listen 127.0.0.1:$1;
        root "$PWD/pages";
        ssi on;
        ssi_types text/plain;
    }
}
EOF
}

# wrk itself knows only of a time; its script ends it at the 12000th answer, so that the work is what
# is fixed. Of one thread, since that ends them all.
client() {
    cat >client.lua <<'EOF'
local answers = 0
local paths = { "/a.txt", "/log.txt", "/page.html", "/missing.html" }
local sent = 0
wrk.headers["Accept-Encoding"] = "gzip"
function request()
    sent = sent + 1
    return wrk.format("GET", paths[1 + sent % 4 == 1 and 1 or 2 + sent % 3])
end
function response()
    answers = answers + 1
    if answers == 12000 then
        print("answers: " .. answers)
        os.exit(0)
    end
end
EOF
    wrk -t 1 -c 16 -d 30 -s client.lua "http://127.0.0.1:$port/"
}

launch() {
    configure "$1"
    shift
    "$@" nginx -p "$PWD" -e "$log" -c "$PWD/nginx.conf" >>"$log" 2>&1 &
    server=$!
}

stop() { kill -QUIT "$(cat "$pid_file")"; }

{
    for i in 1 2 3 4 5 6 7 8; do
        echo "<p>part $i</p><!--# set var=\"v$i\" value=\"$i\" --><!--# echo var=\"v$i\" -->"
    done
} >pages/page.html
server_start 'start worker process ' "$@" || exit
client >answers &&
    grep -q '^answers: 12000$' answers &&
    status=0
exit
