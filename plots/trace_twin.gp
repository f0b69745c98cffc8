# gnuplot -c trace_twin.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("trace_twin.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."trace_style.gp"

ink_twin = 0xD55E00
live_file = tables."/twin_live.tsv"
y_most = 0; x_most = 0
set table $nowhere
plot live_file skip 1 using (x_most = $1, y_most = most(most(y_most, $2), $3)) with table
unset table
unit_power = y_most < 1024 ? 0 : y_most < 1048576 ? 1 : y_most < 1073741824 ? 2 : 3
unit = 1024.0 ** unit_power
unit_name = word("B KiB MiB GiB", unit_power + 1)
y_most = y_most > 0 ? y_most / unit * 1.06 : 1
x_most = x_most > 0 ? x_most : 1

chart_height = 640
chart_title = "A recording and its synthetic twin"
chart_subtitle = "Grey: as recorded. Orange: the twin, dealt by chance from the recording's deck."
do for [format in "svg png"] {
    load folder."terminal.gp"
    load folder."canvas.gp"
    tick_font = font_size(11)
    set border 3 lc rgb ink_soft lw 0.8

    # Live bytes over the calls, the whole width.
    set lmargin at screen 72 / real(chart_width)
    set rmargin at screen 1 - 36 / real(chart_width)
    set tmargin at screen 1 - 104 / real(chart_height)
    set bmargin at screen 1 - 304 / real(chart_height)
    set xrange [0:x_most]; set yrange [0:y_most]
    set label 1 unit_name." live, over operations" at graph 0, 1 offset 0, 0.9 font font_bold(12) tc rgb ink_text
    unset xtics; unset ytics
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
    do for [i=1:ticks] { set xtics add ((tick[i] == 0 ? "0" : number_text(tick[i])) tick[i]) }
    plot live_file skip 1 using 1:($2 / unit) with filledcurves y1=0 fc rgb ink_live notitle, \
         live_file skip 1 using 1:($2 / unit) with lines lw 1.2 lc rgb ink_soft notitle, \
         live_file skip 1 using 1:($3 / unit) with lines lw 1.4 lc rgb ink_twin notitle
    unset label; unset arrow; unset xtics; unset ytics

    # Cumulated shares, side by side.
    do for [side=1:2] {
        share_file = tables.(side == 1 ? "/twin_sizes.tsv" : "/twin_lives.tsv")
        share_most = 1; share_least = 1e18
        set table $nowhere
        plot share_file skip 1 using (share_most = most(share_most, $1), share_least = $1 > 0 && $1 < share_least ? $1 : share_least) with table
        unset table
        share_least = share_least > share_most ? 1 : share_least
        share_most = share_most < 4 * share_least ? 4 * share_least : share_most
        left = side == 1 ? 72 : 510
        set lmargin at screen left / real(chart_width)
        set rmargin at screen (left + 354) / real(chart_width)
        set tmargin at screen 1 - 370 / real(chart_height)
        set bmargin at screen 1 - 570 / real(chart_height)
        set logscale x
        set xrange [share_least / 1.3:share_most * 1.3]; set yrange [0:104]
        set label 1 (side == 1 ? "% of blocks up to a size" : "% of blocks that live so many operations at most") \
            at graph 0, 1 offset 0, 0.9 font font_bold(12) tc rgb ink_text
        set ytics scale 0.4 nomirror ("0" 0, "50" 50, "100" 100) offset 0.6, 0 font tick_font tc rgb ink_soft
        do for [i=1:2] { set arrow 10 + i from graph 0, first 50 * i to graph 1, first 50 * i nohead lc rgb ink_faint lw 0.6 back }
        set xtics scale 0.4 nomirror () offset 0, 0.4 font tick_font tc rgb ink_soft
        if (side == 1) {
            do for [p=0:40:4] { if (2.0 ** p >= share_least / 1.3 && 2.0 ** p <= share_most * 1.3) { set xtics add (bytes_text(2.0 ** p) 2.0 ** p) } }
        } else {
            do for [p=0:12] { if (10.0 ** p >= share_least / 1.3 && 10.0 ** p <= share_most * 1.3) { set xtics add (number_text(10.0 ** p) 10.0 ** p) } }
        }
        plot share_file skip 1 using ($1 > 0 ? $1 : share_least):2 with steps lw 3 lc rgb ink_soft notitle, \
             share_file skip 1 using ($1 > 0 ? $1 : share_least):3 with steps lw 1.4 lc rgb ink_twin notitle
        unset label; unset arrow; unset xtics; unset ytics; unset logscale
    }
    unset multiplot
    set output
}
