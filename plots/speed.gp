# gnuplot -c speed.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("speed.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."tables.gp"
load folder."style.gp"
wide_file = "/speed.tsv"
load folder."wide.gp"

# One workload is its own mean.
if (workloads > 1) {
    panels = workloads + 1
    panel[panels] = "geometric mean"
    do for [a=1:allocators] {
        c = workloads * allocators + a
        value[c] = geomean[a]; low[c] = geomean_low[a]; high[c] = geomean_high[a]
        note[c] = "incomplete"
    }
}
matrix_kind = "interval"; matrix_ratio = 1
text_of(x) = ratio_text(x)
tick_text(x) = sprintf("%g", x)
chart_title = "Throughput relative to ".reference_name." — right is faster"
chart_subtitle = "Bar and ±: 95 % interval (the bar is left out where the mark would hide it). Bold: the interval excludes 1, more than noise."
axis_title = "throughput / throughput of ".reference_name
do for [format in "svg png"] { load folder."matrix.gp" }
