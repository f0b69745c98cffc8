# Draws the panel of the p-th kind of call (see latency_chart.gp, whose variables it uses).
set lmargin at screen panel_x(p) / real(chart_width)
set rmargin at screen (panel_x(p) + panel_width) / real(chart_width)
set tmargin at screen 1 - panel_y(p) / real(chart_height)
set bmargin at screen 1 - (panel_y(p) + panel_height) / real(chart_height)
set xrange [0:x_most]
set yrange [y_low:y_high]
set logscale y
set border 3 lc rgb ink_soft lw 0.8

unset xtics; unset ytics
set ytics scale 0.4 nomirror () offset 0.6, 0 font tick_font tc rgb ink_soft
tick_lo = y_low; tick_hi = y_high; tick_log = 1; tick_most = 10
load folder."ticks.gp"
do for [i=1:ticks] {
    # The scale is the same in all: it is written once a line.
    set ytics add ((p - 1) % columns == 0 ? time_text(tick[i]) : "" tick[i])
    set arrow 10 + i from graph 0, first tick[i] to graph 1, first tick[i] nohead lc rgb ink_faint lw 0.6 back
}
set xtics scale 0.4 nomirror () offset 0, 0.4 font tick_font tc rgb ink_soft
# (A tick's text is a format.) Nine out of ten, of a hundred, of a thousand ...: and the half, which most people look for.
set xtics add ("50 %%" log10(2))
do for [n=1:int(x_most)] {
    set xtics add (panel_width < 50 * x_most && n > 2 && n % 2 == 1 ? "" : percent_text(n) n)
    set arrow 60 + n from first n, graph 0 to first n, graph 1 nohead lc rgb ink_faint lw 0.6 back
}
set arrow 59 from first log10(2), graph 0 to first log10(2), graph 1 nohead lc rgb ink_faint lw 0.6 back

set print $longest
# A point out of sight, so that a panel without figures is still a plot.
print "-1\t1\t1"
do for [a=1:allocators] {
    i = (p - 1) * allocators + a
    if (present(longest[i])) { print sprintf("%.6g\t%.6g\t%d", longest_at[i], longest[i], a) }
}
unset print
of(i, nines, t, last) = last == 0 ? shown(t) : NaN
plot for [a=1:allocators] latency_file index ((p - 1) * allocators + a - 1) \
         using 1:(of(a, $1, $2, $3)) with lines lw 2 lc rgb ink[a] notitle, \
     for [a=1:allocators] $longest using ($3 == a ? $1 : NaN):2 with points pt mark[a] ps 1.2 * mark_scale lw 1.5 lc rgb ink[a] notitle
unset logscale; unset label; unset arrow; unset object
