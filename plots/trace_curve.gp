# Draws the panel of live_file[block] (see trace_live.gp, whose variables it uses).
set lmargin at screen 72 / real(chart_width)
set rmargin at screen 1 - 36 / real(chart_width)
set tmargin at screen 1 - panel_top / real(chart_height)
set bmargin at screen 1 - (panel_top + panel_height) / real(chart_height)
x_most = x_end[block] > 0 ? x_end[block] : 1
set xrange [0:x_most]
set yrange [0:y_most]
set border 3 lc rgb ink_soft lw 0.8
unset xtics; unset ytics
tick_font = font_size(11)
set label 1 panel_title at graph 0, 1 offset 0, 0.9 font font_bold(12) tc rgb ink_text
set ytics scale 0.4 nomirror () offset 0.6, 0 font tick_font tc rgb ink_soft
tick_lo = 0; tick_hi = y_most; tick_log = 0; tick_most = 5
load folder."ticks.gp"
do for [i=1:ticks] {
    set ytics add (sprintf("%g", tick[i]) tick[i])
    set arrow 10 + i from graph 0, first tick[i] to graph 1, first tick[i] nohead lc rgb ink_faint lw 0.6 back
}
set xtics scale 0.4 nomirror () offset 0, 0.4 font tick_font tc rgb ink_soft
tick_lo = 0; tick_hi = x_most; tick_log = 0; tick_most = 8
load folder."ticks.gp"
# There is no half of an operation.
do for [i=1:ticks] { if (block == 2 || tick[i] == floor(tick[i])) { set xtics add ((tick[i] == 0 ? "0" : block == 1 ? number_text(tick[i]) : time_text(tick[i])) tick[i]) } }
plot live_file[block] skip 1 using 1:($2 / unit) with filledcurves y1=0 fc rgb ink_live notitle, \
     live_file[block] skip 1 using 1:($2 / unit) with lines lw 1.6 lc rgb ink_bar notitle
unset label; unset arrow; unset xtics; unset ytics
