# gnuplot -c trace_lifetimes.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("trace_lifetimes.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."trace_style.gp"

timed = 0
set table $nowhere
plot tables."/lifetimes_time.tsv" skip 1 using (timed = timed + 1) with table
unset table
chart_height = timed ? 610 : 380
chart_title = "Lifetimes of blocks"
chart_subtitle = "Share of the blocks that were freed or resized. A bar holds lifetimes up to its own and over that of the bar before."
do for [format in "svg png"] {
    load folder."terminal.gp"
    load folder."canvas.gp"
    panel_title = "in operations"; panel_top = 104; panel_height = 190
    bars_file = tables."/lifetimes.tsv"
    bars_text(x) = number_text(x)
    load folder."trace_bars.gp"
    if (timed) {
        panel_title = "in time"; panel_top = 364; bars_file = tables."/lifetimes_time.tsv"
        bars_text(x) = time_text(x)
        load folder."trace_bars.gp"
    }
    unset multiplot
    set output
}
