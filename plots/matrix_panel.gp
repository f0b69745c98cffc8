# Draws column p of a matrix (see matrix.gp, whose variables it uses).

# ---- axis: never so narrow that noise looks like a difference ---------------------------------
lo = reach_lo[p]; hi = reach_hi[p]
if (log_axis) {
    room = most(1.05, (hi / lo) ** 0.07)
    lo = lo / room; hi = hi * room
    if (matrix_kind eq "stack") { lo = 0.7 }
} else {
    lo = 0
    hi = hi * 1.05
}
place(x) = log_axis ? (log(x) - log(lo)) / (log(hi) - log(lo)) : (x - lo) / (hi - lo)

set xrange [lo:hi]
if (log_axis) { set logscale x } else { unset logscale }
set yrange [allocators + 0.5:0.5]
x0 = left + (p - 1) * (panel_width + gap)
set lmargin at screen x0 / real(chart_width)
set rmargin at screen (x0 + panel_width) / real(chart_width)
set tmargin at screen 1 - top / real(chart_height)
set bmargin at screen 1 - bottom / real(chart_height)

tick_lo = lo; tick_hi = hi; tick_log = log_axis; tick_most = least(8, most(matrix_ratio ? 4 : 3, int(panel_width / 70)))
load folder."ticks.gp"
set border 1 lc rgb ink_soft lw 0.8
unset xtics
set xtics scale 0.5 nomirror () offset 0, 0.3 font tick_font tc rgb ink_soft
# The grid stands in the lower part of each row only: no line runs through a figure.
do for [i=1:ticks] { set xtics add (tick_text(tick[i]) tick[i]) }
do for [a=1:allocators] {
    if (present(value[(p - 1) * allocators + a])) {
        do for [i=1:ticks] {
            set arrow 1000 + a * 50 + i from tick[i], first a - 0.1 to tick[i], first a + 0.42 nohead lc rgb ink_faint lw 0.8 back
        }
        if (matrix_ratio && 1 > lo && 1 < hi) {
            set arrow 1000 + a * 50 from 1, first a - 0.1 to 1, first a + 0.42 nohead lc rgb ink_soft lw 1.6 back
            if (matrix_kind eq "bar") {
                set arrow 1049 + a * 50 from 1, first a - 0.03 to 1, first a + 0.35 nohead lc rgb "white" lw 1.2 front
            }
        }
    }
}

# ---- figures ---------------------------------------------------------------------------------
mark_shift = 0.16
spread_text(x) = sprintf(x < 0.0995 ? " ±%.1f%%" : " ±%.0f%%", x * 100)
set print $marks
# A row out of sight, so that a column without any figure is still a plot.
print sprintf("%.10g\t-9\t0\t1", hi)
do for [a=1:allocators] {
    c = (p - 1) * allocators + a
    x = value[c]
    if (present(x) && (x > 0 || !log_axis)) {
        print sprintf("%.10g\t%d\t%d\t%d", least(x, hi), a, ink[a], mark[a])
        # An interval that its own mark would hide is left out rather than drawn as a blot.
        if (present(low[c]) && present(high[c]) && high[c] <= hi && (place(high[c]) - place(most(lo, low[c]))) * panel_width > (log_axis ? 8 : 3)) {
            set arrow 100 + a from most(lo, low[c]), first a + mark_shift to high[c], first a + mark_shift \
                heads size screen 4.0 / chart_width, 90 lc rgb ink_text lw 1.3 front
        }
    }
    if (present(x) && x > hi) {
        do for [i=0:1] {
            set arrow 400 + a * 2 + i from graph 0.86 + i * 0.05, first a + 0.40 to graph 0.89 + i * 0.05, first a - 0.08 \
                nohead lc rgb "white" lw 3 front
        }
    }
    bold = present(low[c]) && matrix_kind eq "interval" && (low[c] > 1 || high[c] < 1)
    shown = present(x) ? text_of(x) : note[c]
    if (matrix_kind eq "interval" && present(low[c]) && present(high[c]) && low[c] > 0) {
        shown = shown.spread_text(most(x / low[c], high[c] / x) - 1)
    }
    half_text = (strlen(shown) * (bold ? 3.9 : 3.4) + 1) / panel_width
    at_x = present(x) ? (x > 0 || !log_axis ? most(half_text, least(1 - half_text, place(x))) : half_text) : 0.5
    set label a shown at graph at_x, first a - (present(x) ? 0.27 : 0) center \
        font (bold ? font_bold(11) : font_size(11)) \
        tc rgb (present(x) ? ink_text : shown eq "n/a" || shown eq "skipped" ? ink_soft : ink_alarm) front
}
unset print

if (matrix_kind eq "stack") {
    load folder."matrix_stack.gp"
} else { if (log_axis) {
    plot $marks using 1:($2 + mark_shift):4:3 with points ps 1.0 * mark_scale pt variable lc rgb variable lw 1.6 notitle
} else {
    plot $marks using (0):2:(0):1:($2 - 0.04):($2 + 0.36):3 with boxxyerror fs solid 1.0 border rgb ink_text lc rgb variable lw 0.6 notitle
} }
unset label; unset arrow; unset object
