# gnuplot -c timeline.gp TABLES STEM FOOTER WORKLOAD: writes STEM.svg and STEM.png for the
# workload of that index (from 0). A small panel an allocator: eleven curves in one would be a knot.
folder = ARG0[1:strlen(ARG0) - strlen("timeline.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; w = int(ARG4) + 1
load folder."tables.gp"
load folder."style.gp"

# ---- reading ---------------------------------------------------------------------------------
# A bin keeps the largest of what fell into it, so that thinning loses no peak.
bins = 480
mib = 1024.0 * 1024.0
timeline_file = tables."/".timeline[w]
array duration[allocators]
array peak[allocators]
array peak_live[allocators]
array bin_growth[bins + 1]
array bin_live[bins + 1]
do for [a=1:allocators] { duration[a] = NaN; peak[a] = NaN; peak_live[a] = NaN }
larger(old, x) = present(x) ? (present(old) ? most(old, x) : x) : old
reach(a, t, growth, live) = present(t) && present(growth) ? (duration[a] = larger(duration[a], t), \
    peak[a] = larger(peak[a], growth / mib), peak_live[a] = larger(peak_live[a], live / mib), 0) : 0
bin_of(a, t) = duration[a] > 0 ? int(bins * least(1, most(0, t / duration[a]))) + 1 : 1
put(a, t, growth, live) = present(t) && present(growth) ? (b = bin_of(a, t), \
    bin_growth[b] = larger(bin_growth[b], growth / mib), bin_live[b] = larger(bin_live[b], live / mib), 0) : 0
set table $nowhere
do for [a=1:allocators] {
    plot timeline_file index a-1 using (reach(a, $1, $2, $4)) with table
}
unset table

# One scale for all, but for who takes over three times the median: that panel is cut off at the top.
count = sum [a=1:allocators] present(peak[a])
median = NaN
do for [a=1:allocators] {
    if (present(peak[a]) && (sum [b=1:allocators] (peak[b] <= peak[a])) * 2 >= count && !(median <= peak[a])) {
        median = peak[a]
    }
}
y_most = 0
do for [a=1:allocators] {
    if (present(peak[a]) && !(peak[a] > 3 * median)) { y_most = most(y_most, peak[a]) }
    if (present(peak_live[a])) { y_most = most(y_most, peak_live[a]) }
}
y_most = y_most > 0 ? y_most * 1.06 : 1

columns = allocators < 4 ? allocators : allocators < 7 && allocators != 4 ? 3 : allocators == 4 ? 2 : 4
lines = int((allocators + columns - 1) / columns)

# ---- drawing ---------------------------------------------------------------------------------
chart_width = 1100
panel_height = lines < 3 ? 190 : 118
head = 26; foot = 28; gap = 26; left = 72; top = 84
panel_width = (chart_width - left - 24 - (columns - 1) * gap) / real(columns)
chart_height = top + lines * (head + panel_height + foot) + 48
chart_title = "Memory over time: ".cut(workload[w], 60)." — lower is better"
chart_subtitle = is_program[w] ? "Line: RSS growth since the start of the process. Time is each panel's own." \
               : "Line: RSS growth since the start. Grey: live bytes, what the workload asked for; the space between is waste. Time is each panel's own."
cut_remark = ""
panel_x(a) = left + ((a - 1) % columns) * (panel_width + gap)
panel_y(a) = top + int((a - 1) / columns) * (head + panel_height + foot) + head

do for [format in "svg png"] {
    load folder."terminal.gp"
    tick_font = font_size(11)
    tag = 100
    do for [a=1:allocators] {
        off = present(peak[a]) && peak[a] > y_most
        figures = present(peak[a]) ? (off ? "▲ " : "").mib_text(peak[a]) : ""
        set label tag "" at panel_x(a) + 6, panel_y(a) - 12 point pt mark[a] ps 1.2 * mark_scale lw 1.5 lc rgb ink[a]
        set label tag + 1 short_name(a, int((panel_width - 90) / 8)) at panel_x(a) + 18, panel_y(a) - 12 font font_bold(12) tc rgb ink_text
        set label tag + 2 figures at panel_x(a) + panel_width, panel_y(a) - 12 right \
            font (off ? font_bold(11) : font_size(11)) tc rgb (off ? ink_alarm : ink_soft)
        tag = tag + 3
    }
    set label tag "MiB" at 24, top + head font font_size(12) tc rgb ink_soft
    set label tag + 1 "time, s" at left + (chart_width - 24 - left) / 2, chart_height - 40 center font font_size(12) tc rgb ink_soft
    set label tag + 2 "Figure: peak RSS growth. ▲: beyond the scale." at chart_width - 24, chart_height - 40 right font font_size(11) tc rgb ink_soft
    load folder."canvas.gp"
    do for [a=1:allocators] { load folder."timeline_panel.gp" }
    unset multiplot
    set output
}
