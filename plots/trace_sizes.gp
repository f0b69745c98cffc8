# gnuplot -c trace_sizes.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("trace_sizes.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."trace_style.gp"

chart_height = 380
chart_title = "Sizes of blocks"
chart_subtitle = "Share of all blocks asked for. A bar holds sizes up to its own and over that of the bar before."
bars_file = tables."/sizes.tsv"
bars_text(x) = bytes_text(x)
panel_title = ""; panel_top = 84; panel_height = 230
do for [format in "svg png"] {
    load folder."terminal.gp"
    load folder."canvas.gp"
    load folder."trace_bars.gp"
    unset multiplot
    set output
}
