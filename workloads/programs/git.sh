#!/bin/sh
# Makes a repository in the folder `made`: 60 files, 200 commits of a few changed lines each, loose
# until they are collected.
set -e
git -c init.defaultBranch=main init -q made
git -C made config gc.autoDetach false
git -C made config pack.threads 2
# What the disk takes to settle is no work of the allocator.
git -C made config core.fsync none
# No packs: fast-import writes loose objects below this limit, so that gc has all of them to pack.
git -C made config fastimport.unpackLimit 1000000
awk 'BEGIN {
    files = 60; lines = 80; commits = 200; seed = 12345
    for (f = 0; f < files; f++)
        for (l = 0; l < lines; l++) text[f, l] = sentence()
    for (commit = 1; commit <= commits; commit++) {
        changed = commit == 1 ? files : 3
        for (k = 0; k < changed; k++) {
            name[k] = commit == 1 ? k : draw(files)
            for (c = 0; c < 4; c++) text[name[k], draw(lines)] = sentence()
        }
        print "commit refs/heads/main"
        printf "committer A <a@example.org> %d +0000\n", 1700000000 + commit * 60
        print "data 6\nchange"
        for (k = 0; k < changed; k++) {
            body = ""
            for (l = 0; l < lines; l++) body = body text[name[k], l] "\n"
            printf "M 100644 inline folder%d/file%d\ndata %d\n%s\n", name[k] % 7, name[k],
                   length(body), body
        }
    }
}
function sentence(    words, w, c, made) {
    words = 4 + draw(8)
    for (w = 0; w < words; w++) {
        for (c = 0; c < 2 + draw(7); c++) made = made sprintf("%c", 97 + draw(26))
        made = made " "
    }
    return made
}
function draw(bound) {
    seed = (seed * 69069 + 1) % 4294967296
    return int(seed / 65536) % bound
}' | git -C made fast-import --quiet
