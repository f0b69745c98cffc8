#!/bin/sh
# Writes a large C file to standard output: many small functions, structs and tables, so that
# the compiler builds and drops many trees. Only the counter varies; the text is always the same.
awk 'BEGIN {
    print "typedef unsigned long u;"
    for (i = 0; i < 50; i++) {
        printf "struct s%d { u a, b; int c[%d]; struct s%d *next; };\n", i, i % 13 + 1, i
        printf "static const int table%d[] = {", i
        for (k = 0; k < 24; k++) printf "%d,", (i * 31 + k * 17) % 101
        print "};"
        printf "u f%d(struct s%d *p, u n) {\n  u sum = %d;\n", i, i, i
        printf "  for (u k = 0; k < n && p; k++, p = p->next) {\n"
        printf "    switch (p->a %% 5) {\n"
        for (k = 0; k < 4; k++)
            printf "    case %d: sum += p->b * %dul ^ (u)p->c[%d]; break;\n", k, i * 7 + k, k % (i % 13 + 1)
        printf "    default: sum ^= (u)table%d[k %% 24] << (k & 7);\n    }\n  }\n", i
        if (i > 0) printf "  return sum + f%d(0, sum & 3);\n}\n", i - 1
        else print "  return sum;\n}"
    }
}'
