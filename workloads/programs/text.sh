#!/bin/sh
# Writes $1 lines of a generated log to standard output: fields that repeat, numbers that do not.
awk -v lines="$1" 'BEGIN {
    split("GET POST PUT HEAD", method, " ")
    split("index.html style.css script.js logo.png article.php search cart", page, " ")
    seed = 12345
    for (i = 0; i < lines; i++)
        printf "%d.%d.%d.%d 2026-11-%02d %s /%s?id=%d %d %d\n", draw(256), draw(256), draw(256),
               draw(256), 1 + draw(28), method[1 + draw(4)], page[1 + draw(7)], draw(100000),
               draw(8) ? 200 : 404, draw(65536)
}
function draw(bound) {
    seed = (seed * 69069 + 1) % 4294967296
    return int(seed / 65536) % bound
}'
