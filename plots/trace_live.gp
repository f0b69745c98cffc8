# gnuplot -c trace_live.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("trace_live.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."trace_style.gp"

array live_file[2]
live_file[1] = tables."/live.tsv"; live_file[2] = tables."/live_time.tsv"
timed = 0; y_most = 0
array x_end[2]
x_end[1] = 0; x_end[2] = 0
set table $nowhere
plot live_file[1] skip 1 using (x_end[1] = $1, y_most = most(y_most, $2)) with table
plot live_file[2] skip 1 using (timed = timed + 1, x_end[2] = $1) with table
unset table
unit_power = y_most < 1024 ? 0 : y_most < 1048576 ? 1 : y_most < 1073741824 ? 2 : 3
unit = 1024.0 ** unit_power
unit_name = word("B KiB MiB GiB", unit_power + 1)
y_most = y_most / unit
peak_text = sprintf(unit_power == 0 || y_most >= 100 ? "%.0f %s" : y_most < 10 ? "%.2f %s" : "%.1f %s", y_most, unit_name)
y_most = y_most > 0 ? y_most * 1.06 : 1

chart_height = timed ? 610 : 380
chart_title = "Live bytes"
chart_subtitle = "What was asked for and not yet freed, the largest value of each step. Peak: ".peak_text."."
do for [format in "svg png"] {
    load folder."terminal.gp"
    load folder."canvas.gp"
    do for [block=1:timed ? 2 : 1] {
        panel_top = block == 1 ? 104 : 364; panel_height = 190
        panel_title = unit_name.(block == 1 ? ", over operations" : ", over time")
        load folder."trace_curve.gp"
    }
    unset multiplot
    set output
}
