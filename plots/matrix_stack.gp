# The bars of a matrix cut into parts (see matrix.gp). A length on a log axis cannot be summed,
# so the bar's end shows the total on the axis and its parts show each one's share of the bar.

do for [k=1:stack_parts] {
    set print $part
    print sprintf("%.10g\t%.10g\t-9", lo, hi)
    do for [a=1:allocators] {
        c = (p - 1) * allocators + a
        if (present(value[c]) && value[c] > 0) {
            from = 0
            do for [j=1:k] { upto = from + stack_share[(c - 1) * stack_parts + j]; if (j < k) { from = upto } }
            reach = place(value[c])
            at(f) = log_axis ? lo * (hi / lo) ** (f * reach) : f * value[c]
            if (from < upto) { print sprintf("%.10g\t%.10g\t%d", at(from), at(upto), a) }
        }
    }
    unset print
    plot $part using 1:3:1:2:($3 - 0.04):($3 + 0.36) with boxxyerror \
        fs solid 1.0 border rgb ink_text fc rgb stack_ink[k] lw 0.6 notitle
    unset label; unset arrow
    unset xtics
    unset border
}
