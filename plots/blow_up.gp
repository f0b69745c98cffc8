# gnuplot -c blow_up.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("blow_up.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."tables.gp"
load folder."style.gp"
wide_file = "/blow_up.tsv"
load folder."wide.gp"

# Nobody knows the live bytes of a program: its column would be empty.
left_out = ""
panels = 0
do for [w=1:workloads] {
    if (is_program[w]) { left_out = left_out.(left_out eq "" ? "" : ", ").workload[w] }
    else {
        panels = panels + 1; panel[panels] = workload[w]
        do for [a=1:allocators] {
            from = (w - 1) * allocators + a; c = (panels - 1) * allocators + a
            value[c] = value[from]; low[c] = low[from]; high[c] = high[from]; note[c] = note[from]
        }
    }
}
if (panels == 0) { panels = workloads }

matrix_kind = "bar"; matrix_ratio = 1
text_of(x) = ratio_text(x)
tick_text(x) = sprintf("%g", x)
chart_title = "Blow-up: peak memory taken / peak memory asked for — left is better"
chart_subtitle = "Line at 1: not a byte wasted. n/a: live bytes under 1 MiB." \
               . (left_out eq "" ? "" : " Not shown, as live bytes of programs are unknown: ".cut(left_out, 60).".")
axis_title = "peak RSS growth / peak live bytes"
do for [format in "svg png"] { load folder."matrix.gp" }
