# Draws the panel of allocator a (see blow_up_laps.gp, whose variables it uses).
set lmargin at screen panel_x(a) / real(chart_width)
set rmargin at screen (panel_x(a) + panel_width) / real(chart_width)
set tmargin at screen 1 - panel_y(a) / real(chart_height)
set bmargin at screen 1 - (panel_y(a) + panel_height) / real(chart_height)
set xrange [0:x_most]
set yrange [0:y_most]
set border 3 lc rgb ink_soft lw 0.8

unset xtics; unset ytics
set ytics scale 0.4 nomirror () offset 0.6, 0 font tick_font tc rgb ink_soft
tick_lo = 0; tick_hi = y_most; tick_log = 0; tick_most = 5
load folder."ticks.gp"
do for [i=1:ticks] {
    # The scale is the same in all: it is written once a line.
    set ytics add ((a - 1) % columns == 0 ? sprintf("%g", tick[i]) : "" tick[i])
    set arrow 10 + i from graph 0, first tick[i] to graph 1, first tick[i] nohead lc rgb ink_faint lw 0.6 back
}
set arrow 9 from graph 0, first 1 to graph 1, first 1 nohead lc rgb ink_soft lw 1 back
set xtics scale 0.4 nomirror () offset 0, 0.4 font tick_font tc rgb ink_soft
tick_lo = 0; tick_hi = x_most; tick_log = 0; tick_most = panel_width < 400 ? 5 : 10
load folder."ticks.gp"
do for [i=1:ticks] { set xtics add (sprintf("%g", tick[i]) tick[i]) }
if (!present(highest[a])) {
    reason = note_of[(w - 1) * allocators + a]
    set label 1 (reason eq "n/a" ? "no figures" : reason) at graph 0.5, 0.5 center \
        font font_size(12) tc rgb (reason eq "n/a" || reason eq "skipped" ? ink_soft : ink_alarm)
}
# A point out of sight, so that a panel without figures is still a plot.
set print $nothing
print "-1\t1"
unset print
plot $nothing using 1:2 with points notitle, \
     for [b=1:allocators] curve_file index b-1 skip (b == 1 ? 1 : 0) using 1:2 with lines lw 1 lc rgb ink_faint notitle, \
     curve_file index a-1 skip (a == 1 ? 1 : 0) using 1:2 with lines lw 2.4 lc rgb ink[a] notitle
unset label; unset arrow; unset object
