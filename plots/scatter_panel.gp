# Draws the plot of scatter.gp, whose variables it uses.
set lmargin at screen left / real(chart_width)
set rmargin at screen right / real(chart_width)
set tmargin at screen 1 - top / real(chart_height)
set bmargin at screen 1 - bottom / real(chart_height)
set border 3 lc rgb ink_soft lw 0.8
set xrange [x_lo:x_hi]
set yrange [y_lo:y_hi]
set logscale xy
unset xtics; unset ytics
set xtics scale 0.5 nomirror () font tick_font tc rgb ink_soft
set ytics scale 0.5 nomirror () font tick_font tc rgb ink_soft
tick_lo = x_lo; tick_hi = x_hi; tick_log = 1; tick_most = 9
load folder."ticks.gp"
do for [i=1:ticks] {
    set xtics add (sprintf("%g×", tick[i]) tick[i])
    set arrow 10 + i from tick[i], graph 0 to tick[i], graph 1 nohead lc rgb ink_band lw 1 back
}
tick_lo = y_lo; tick_hi = y_hi; tick_log = 1; tick_most = 7
load folder."ticks.gp"
do for [i=1:ticks] {
    set ytics add (sprintf("%g×", tick[i]) tick[i])
    set arrow 60 + i from graph 0, first tick[i] to graph 1, first tick[i] nohead lc rgb ink_band lw 1 back
}
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb ink_faint lw 1.2 dt (6, 3) back
set arrow 2 from graph 0, first 1 to graph 1, first 1 nohead lc rgb ink_faint lw 1.2 dt (6, 3) back

if (nothing) {
    set label 900 "Nothing to compare: no allocator has both figures." at graph 0.5, 0.5 center font font_size(13) tc rgb ink_alarm front
}

set print $frontier
do for [i=1:corners] { print sprintf("%.10g\t%.10g", corner_x[i], corner_y[i]) }
unset print

# The settings of one allocator, in the order of the run.
set print $families
print "NaN\tNaN\t0"
do for [a=1:allocators] {
    if (elder[a] == a && series_count[a] > 1) {
        do for [b=a:allocators] {
            if (elder[b] == a && shown(b)) {
                print sprintf("%.10g\t%.10g\t%d", speed[b], memory[b], family_ink[a])
            }
        }
        print ""
    }
}
unset print

set print $points
print sprintf("%.10g\t%.10g\t0\t0", x_hi * 2, y_hi * 2)
do for [a=1:allocators] {
    if (shown(a)) {
        print sprintf("%.10g\t%.10g\t%d\t%d", speed[a], memory[a], ink[a], mark[a])
        if (present(speed_low[a]) && present(speed_high[a])) {
            set arrow 200 + a from speed_low[a], memory[a] to speed_high[a], memory[a] \
                heads size screen 4.0 / chart_width, 90 lc rgb ink[a] lw 1.2 back
        }
        unbeaten = pareto[a] == 1
        lx = (label_x[a] - left) / (right - left); ly = (bottom - label_y[a]) / (bottom - top)
        set label a name_of(a) at graph lx, ly center font (unbeaten ? font_bold(12) : font_size(12)) \
            tc rgb (present(pareto[a]) ? ink_text : ink_soft) front
        if (label_led[a]) {
            # from the point to the near edge of the name
            ex = label_x[a] + most(-name_width(a) / 2.0, least(name_width(a) / 2.0, pixel_x(speed[a]) - label_x[a]))
            ey = label_y[a] + most(-8.0, least(8.0, pixel_y(memory[a]) - label_y[a]))
            set arrow 400 + a from speed[a], memory[a] to graph (ex - left) / (right - left), graph (bottom - ey) / (bottom - top) \
                nohead lc rgb ink_soft lw 0.6 back
        }
    }
}
unset print
plot $frontier using 1:2 with lines lw 1.6 dt (8, 4) lc rgb ink_soft notitle, \
     $families using 1:2:3 with lines lw 1.2 lc rgb variable notitle, \
     $points using 1:2:4:3 with points ps 1.7 * mark_scale lw 2 pt variable lc rgb variable notitle
unset label; unset arrow; unset logscale
