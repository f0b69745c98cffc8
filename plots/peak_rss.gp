# gnuplot -c peak_rss.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("peak_rss.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."tables.gp"
load folder."style.gp"
wide_file = "/peak_rss.tsv"
load folder."wide.gp"

mib = 1024.0 * 1024.0
do for [c=1:cells] { value[c] = value[c] / mib; low[c] = low[c] / mib; high[c] = high[c] / mib }
matrix_kind = "bar"; matrix_ratio = 0
text_of(x) = mib_text(x)
tick_text(x) = sprintf("%g", x)
chart_title = "Peak resident memory — left is better"
chart_subtitle = "Every workload has its own axis. Bracket: 95 % interval over blocks."
axis_title = "peak RSS, MiB"
do for [format in "svg png"] { load folder."matrix.gp" }
