# gnuplot -c blow_up_laps.gp TABLES STEM FOOTER WORKLOAD: writes STEM.svg and STEM.png for the workload
# of that index (from 0). A panel an allocator, with the curves of the others behind it in grey.
folder = ARG0[1:strlen(ARG0) - strlen("blow_up_laps.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; w = int(ARG4) + 1
load folder."tables.gp"
load folder."style.gp"

# ---- reading ---------------------------------------------------------------------------------
curve_name = ""
choose(i, file) = i + 1 == w ? (curve_name = file, 0) : 0
set table $nowhere
plot tables."/blow_up_laps.tsv" skip 1 using (choose(int($1), strcol(2))) with table
curve_file = tables."/".curve_name
array highest[allocators]
array last[allocators]
do for [a=1:allocators] { highest[a] = NaN; last[a] = NaN }
x_most = 1.0; y_low = NaN
see(a, lap, y) = present(lap) && present(y) ? (x_most = most(x_most, lap), last[a] = y, \
    y_low = present(y_low) ? least(y_low, y) : y, highest[a] = present(highest[a]) ? most(highest[a], y) : y, 0) : 0
do for [a=1:allocators] {
    plot curve_file index a-1 skip (a == 1 ? 1 : 0) using (see(a, $1, $2)) with table
}
unset table

# One scale for all, but for who takes over three times the median: that panel is cut off at the top.
count = sum [a=1:allocators] present(highest[a])
median = NaN
do for [a=1:allocators] {
    if (present(highest[a]) && (sum [b=1:allocators] (highest[b] <= highest[a])) * 2 >= count && !(median <= highest[a])) {
        median = highest[a]
    }
}
y_most = 1
do for [a=1:allocators] {
    if (present(highest[a]) && !(highest[a] > 3 * median)) { y_most = most(y_most, highest[a]) }
}
y_most = y_most * 1.06

columns = allocators < 4 ? allocators : allocators < 7 && allocators != 4 ? 3 : allocators == 4 ? 2 : 4
lines = int((allocators + columns - 1) / columns)

# ---- drawing ---------------------------------------------------------------------------------
chart_width = 1100
panel_height = lines < 3 ? 190 : 118
head = 26; foot = 28; gap = 26; left = 72; top = 84
panel_width = (chart_width - left - 24 - (columns - 1) * gap) / real(columns)
chart_height = top + lines * (head + panel_height + foot) + 48
chart_title = "Blow-up over the work: ".cut(workload[w], 60)." — lower is better"
chart_subtitle = "Of each lap, the largest RSS growth over the largest live bytes; medians over the blocks. Line at 1: not a byte wasted. Grey: the others."
cut_remark = ""
panel_x(a) = left + ((a - 1) % columns) * (panel_width + gap)
panel_y(a) = top + int((a - 1) / columns) * (head + panel_height + foot) + head

do for [format in "svg png"] {
    load folder."terminal.gp"
    tick_font = font_size(11)
    tag = 100
    do for [a=1:allocators] {
        off = present(highest[a]) && highest[a] > y_most
        figures = present(last[a]) ? (off ? "▲ " : "").ratio_text(last[a]) : ""
        set label tag "" at panel_x(a) + 6, panel_y(a) - 12 point pt mark[a] ps 1.2 * mark_scale lw 1.5 lc rgb ink[a]
        set label tag + 1 cut(allocator[a], int((panel_width - 70) / 8)) at panel_x(a) + 18, panel_y(a) - 12 font font_bold(12) tc rgb ink_text
        set label tag + 2 figures at panel_x(a) + panel_width, panel_y(a) - 12 right \
            font (off ? font_bold(11) : font_size(11)) tc rgb (off ? ink_alarm : ink_soft)
        tag = tag + 3
    }
    set label tag "blow-up" at 14, top + head - 14 font font_size(12) tc rgb ink_soft
    set label tag + 1 "lap (equal work)" at left + (chart_width - 24 - left) / 2, chart_height - 40 center font font_size(12) tc rgb ink_soft
    set label tag + 2 "Figure: in the last lap. ▲: beyond the scale." at chart_width - 24, chart_height - 40 right font font_size(11) tc rgb ink_soft
    load folder."canvas.gp"
    do for [a=1:allocators] { load folder."blow_up_laps_panel.gp" }
    unset multiplot
    set output
}
