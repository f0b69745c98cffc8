# gnuplot -c scatter.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("scatter.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."tables.gp"
load folder."style.gp"

array speed[allocators]
array speed_low[allocators]
array speed_high[allocators]
array memory[allocators]
array pareto[allocators]
do for [a=1:allocators] { speed[a] = NaN; speed_low[a] = NaN; speed_high[a] = NaN; memory[a] = NaN; pareto[a] = NaN }
put(a, x, from, to, y, best) = (speed[a] = x, speed_low[a] = from, speed_high[a] = to, memory[a] = y, pareto[a] = best, 0)
set table $nowhere
plot tables."/scatter.tsv" skip 1 using (put(int($2) + 1, $3, $4, $5, $6, $8)) with table
unset table

shown(a) = present(speed[a]) && present(memory[a]) && speed[a] > 0 && memory[a] > 0
absent = ""
kin_lines = sum [a=1:allocators] (strstrt(allocator[a], ":") > 0)
apart = 0; nothing = 1
x_lo = 1; x_hi = 1; y_lo = 1; y_hi = 1
do for [a=1:allocators] {
    if (shown(a)) {
        nothing = 0
        x_lo = least(x_lo, present(speed_low[a]) ? speed_low[a] : speed[a])
        x_hi = most(x_hi, present(speed_high[a]) ? speed_high[a] : speed[a])
        y_lo = least(y_lo, memory[a]); y_hi = most(y_hi, memory[a])
        if (!present(pareto[a])) { apart = 1 }
    } else { absent = absent.(absent eq "" ? "" : ", ").allocator[a] }
}
# Some room, and never so close that noise looks like a difference.
x_room = most(1.06, (x_hi / x_lo) ** 0.08); y_room = most(1.06, (y_hi / y_lo) ** 0.1)
x_lo = x_lo / x_room; x_hi = x_hi * x_room; y_lo = y_lo / y_room; y_hi = y_hi * y_room

chart_width = 1100; chart_height = 640
left = 84; right = 1070; top = 92; bottom = 540
chart_title = "Speed against memory — right is faster, down is leaner"
chart_subtitle = "Geometric means over the workloads, relative to ".reference_name.". Bold, on the dashed line: nobody beats it on both." \
               . (kin_lines ? " Thin lines join the settings of one allocator." : "") \
               . (apart ? " Grey: lacks workloads that others finished." : "")
cut_remark = ""
remark = absent eq "" ? "" : "Not shown, as no workload can be compared: ".cut(absent, 110)
load folder."scatter_labels.gp"

do for [format in "svg png"] {
    load folder."terminal.gp"
    tick_font = font_size(11)
    set label 100 "throughput relative to ".reference_name.", log scale" at (left + right) / 2, 582 center font font_size(12) tc rgb ink_soft
    set label 101 "peak RSS relative to ".reference_name.", log scale" at 30, (top + bottom) / 2 center rotate by 90 font font_size(12) tc rgb ink_soft
    set label 102 remark at 24, 606 font font_size(11) tc rgb ink_soft
    load folder."canvas.gp"
    load folder."scatter_panel.gp"
    unset multiplot
    set output
}
