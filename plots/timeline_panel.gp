# Draws the panel of allocator a (see timeline.gp, whose variables it uses).
set lmargin at screen panel_x(a) / real(chart_width)
set rmargin at screen (panel_x(a) + panel_width) / real(chart_width)
set tmargin at screen 1 - panel_y(a) / real(chart_height)
set bmargin at screen 1 - (panel_y(a) + panel_height) / real(chart_height)
x_most = duration[a] > 0 ? duration[a] : 1
set xrange [0:x_most]
set yrange [0:y_most]
set border 3 lc rgb ink_soft lw 0.8

unset xtics; unset ytics
set ytics scale 0.4 nomirror () offset 0.6, 0 font tick_font tc rgb ink_soft
tick_lo = 0; tick_hi = y_most; tick_log = 0; tick_most = 4
load folder."ticks.gp"
do for [i=1:ticks] {
    # The scale is the same in all: it is written once a line.
    set ytics add ((a - 1) % columns == 0 ? sprintf("%g", tick[i]) : "" tick[i])
    if (present(peak[a])) {
        set arrow 10 + i from graph 0, first tick[i] to graph 1, first tick[i] nohead lc rgb ink_faint lw 0.6 back
    }
}
if (present(peak[a])) {
    set xtics scale 0.4 nomirror () offset 0, 0.4 font tick_font tc rgb ink_soft
    tick_lo = 0; tick_hi = x_most; tick_log = 0; tick_most = panel_width < 400 ? 5 : 10
    load folder."ticks.gp"
    do for [i=1:ticks] { set xtics add (sprintf("%g", tick[i]) tick[i]) }
} else {
    reason = note_of[(w - 1) * allocators + a]
    set label 1 (reason eq "n/a" ? "no samples" : reason) at graph 0.5, 0.5 center \
        font font_size(12) tc rgb (reason eq "n/a" || reason eq "skipped" ? ink_soft : ink_alarm)
}

do for [b=1:bins+1] { bin_growth[b] = NaN; bin_live[b] = NaN }
set table $nowhere
plot timeline_file index a-1 using (put(a, $1, $2, $4)) with table
unset table
set print $curve
# A point out of sight, so that a panel without samples is still a plot.
print "-1\t0\t0"
do for [b=1:bins+1] {
    if (present(bin_growth[b])) {
        print sprintf("%.6g\t%.6g\t%.6g", (b - 1) * x_most / bins, bin_growth[b], present(bin_live[b]) ? bin_live[b] : 0)
    }
}
unset print
plot $curve using 1:3 with filledcurves y1=0 fc rgb ink_live notitle, \
     $curve using 1:2 with lines lw 2 lc rgb ink[a] notitle
unset label; unset arrow; unset object
