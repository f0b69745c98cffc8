#!/bin/sh
# Writes three problems for z3 to standard output: pigeons in holes (unsat), a chain of 16-bit
# multiplications (sat), and linear arithmetic with disjunctions (sat).
awk 'BEGIN {
    holes = 8; chain = 60; queens = 24
    for (i = 0; i <= holes; i++)
        for (j = 0; j < holes; j++) printf "(declare-const p_%d_%d Bool)\n", i, j
    for (i = 0; i <= holes; i++) {
        printf "(assert (or"
        for (j = 0; j < holes; j++) printf " p_%d_%d", i, j
        print "))"
    }
    for (j = 0; j < holes; j++)
        for (i = 0; i <= holes; i++)
            for (k = i + 1; k <= holes; k++)
                printf "(assert (not (and p_%d_%d p_%d_%d)))\n", i, j, k, j
    print "(check-sat)(reset)(set-logic QF_BV)"

    for (i = 0; i < chain; i++) printf "(declare-const x%d (_ BitVec 16))\n", i
    for (i = 1; i < chain; i++)
        printf "(assert (= x%d (bvadd (bvmul x%d #x%04x) (bvxor x%d #x%04x))))\n",
               i, i - 1, i * 7919 % 65536, (i > 1 ? i - 2 : 0), i * 31
    printf "(assert (= x0 #x1234))(assert (bvugt (bvmul x%d x%d) #x0001))\n", chain - 1, chain - 2
    print "(check-sat)(reset)(set-logic QF_LIA)"

    for (i = 0; i < queens; i++) {
        printf "(declare-const q%d Int)(assert (and (>= q%d 0) (< q%d %d)))\n", i, i, i, queens
        for (k = 0; k < i; k++)
            printf "(assert (distinct q%d (+ q%d %d)))\n", k, i, (i - k) % 3
    }
    print "(check-sat)"
}'
