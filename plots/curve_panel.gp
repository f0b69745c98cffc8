# Draws panel p, of measure m (see curve.gp, whose variables it uses).
set lmargin at screen panel_x(p) / real(chart_width)
set rmargin at screen (panel_x(p) + panel_width) / real(chart_width)
set tmargin at screen 1 - panel_y(p) / real(chart_height)
set bmargin at screen 1 - (panel_y(p) + panel_height) / real(chart_height)
unset logscale
x_room = (at_x[points] - at_x[1]) * 0.04
set xrange [at_x[1] - x_room:at_x[points] + x_room]
# Figures far apart need a logarithmic axis; others begin at zero, so that heights compare.
y_low = low_of[m] / scale_of(m); y_high = high_of[m] / scale_of(m)
y_log = y_low > 0 && y_high / y_low >= 12
if (y_log) {
    set logscale y
    set yrange [y_low / 1.25:y_high * 1.25]
    tick_lo = y_low / 1.25; tick_hi = y_high * 1.25
} else {
    if (y_high <= 0) { y_high = 1 }
    set yrange [0:y_high * 1.06]
    tick_lo = 0; tick_hi = y_high * 1.06
}
set border 3 lc rgb ink_soft lw 0.8
unset xtics; unset ytics
set ytics scale 0.4 nomirror () offset 0.6, 0 font tick_font tc rgb ink_soft
tick_log = y_log; tick_most = 7
load folder."ticks.gp"
do for [i=1:ticks] {
    set ytics add (figure_text(m, tick[i]) tick[i])
    set arrow 10 + i from graph 0, first tick[i] to graph 1, first tick[i] nohead lc rgb ink_faint lw 0.6 back
}
set xtics scale 0.4 nomirror () offset 0, 0.4 font tick_font tc rgb ink_soft
# A value's text stands where it does not meet the one before.
text_end = -1e9
do for [i=1:points] {
    pixel = (at_x[i] - at_x[1] + x_room) / (at_x[points] - at_x[1] + 2 * x_room) * panel_width
    half = strlen(value_text[i]) * 4.0
    fits = pixel - half > text_end + 6
    set xtics add (fits ? value_text[i] : "" at_x[i])
    if (fits) { text_end = pixel + half }
}
if (m == 4) { set arrow 8 from graph 0, first 1 to graph 1, first 1 nohead lc rgb ink_soft lw 1 dt (6, 3) back }
# Where the threads are as many as the CPUs; x is a logarithm or the number itself.
if (by_threads && present(cpus)) {
    cpus_x = at_x[1] == int(value_text[1]) && at_x[points] == int(value_text[points]) ? cpus : log(cpus) / log(2)
    if (cpus_x >= at_x[1] && cpus_x <= at_x[points]) {
        set arrow 9 from first cpus_x, graph 0 to first cpus_x, graph 1 nohead lc rgb ink_soft lw 1.2 dt (6, 6) back
    }
}
set print $live
print sprintf("%.10g\t-1", at_x[1])
if (m == 3) { do for [i=1:points] { if (present(live[i]) && live[i] > 0) { print sprintf("%.10g\t%.10g", at_x[i], live[i] / scale_of(m)) } } }
unset print
c = column_of(m)
set style fill transparent solid 0.16 noborder
plot for [a=1:allocators] curve_file index a-1 using 1:(column(c + 1) / scale_of(m)):(column(c + 2) / scale_of(m)) with filledcurves lc rgb ink[a] notitle, \
     $live using 1:($2 > 0 ? $2 : NaN) with lines lw 2.2 dt (5, 3) lc rgb 0x9A9A9A notitle, \
     for [a=1:allocators] curve_file index a-1 using 1:(column(c) / scale_of(m)) with lines lw 1.8 lc rgb ink[a] notitle, \
     for [a=1:allocators] curve_file index a-1 using 1:(column(c) / scale_of(m)) with points pt mark[a] ps 1.0 * mark_scale lw 1.4 lc rgb ink[a] notitle
unset logscale; unset label; unset arrow; unset object
