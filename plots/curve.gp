# gnuplot -c curve.gp TABLES STEM FOOTER CURVE: writes STEM.svg and STEM.png for the sweep of that
# index (from 0): cost and memory against the parameter, a line an allocator.
folder = ARG0[1:strlen(ARG0) - strlen("curve.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; which = int(ARG4)
load folder."tables.gp"
load folder."style.gp"

# ---- reading ---------------------------------------------------------------------------------
curve_name = ""; subject = ""; param = ""; fixed = ""; by_threads = 0; cpus = NaN; points = 0
choose(i, file, name, p, f, t, c, n) = i == which ? (curve_name = file, subject = name, param = p, fixed = f, by_threads = t, cpus = c, points = n, 0) : 0
set table $nowhere
plot tables."/curves.tsv" skip 1 using (choose(int($1), strcol(2), strcol(3), strcol(4), strcol(5), int($6), $7, int($8))) with table
curve_file = tables."/".curve_name
array at_x[points]
array value_text[points]
array low_of[4]
array high_of[4]
array some[4]
array live[points]
array timed[allocators]
do for [m=1:4] { low_of[m] = NaN; high_of[m] = NaN; some[m] = 0 }
do for [i=1:points] { live[i] = NaN }
do for [a=1:allocators] { timed[a] = 0 }
low_to(m, v)  = present(v) ? (low_of[m] = present(low_of[m]) ? least(low_of[m], v) : v, 0) : 0
high_to(m, v) = present(v) ? (high_of[m] = present(high_of[m]) ? most(high_of[m], v) : v, some[m] = 1, 0) : 0
see(m, v, l, h) = (low_to(m, v), low_to(m, l), high_to(m, v), high_to(m, h))
name_x(i, x, text, v) = (at_x[i] = x, value_text[i] = text, live[i] = present(v) ? v : live[i], 0)
mark_timed(a, v) = present(v) ? (timed[a] = 1, 0) : 0
do for [a=1:allocators] {
    plot curve_file index a-1 using (name_x(int($0) + 1, $1, strcol(2), $12), mark_timed(a, $3), see(1, $3, $4, $5), see(2, $6, $7, $8), see(3, $9, $10, $11), see(4, $13, $14, $15)) with table
}
unset table

# ---- panels: measure, column, title --------------------------------------------------------------
array panel_measure[4]
panels = 0
do for [m=1:4] { if (some[m] && (m != 2 || by_threads)) { panels = panels + 1; panel_measure[panels] = m } }
panel_title(m) = m == 1 ? "time of a thread for a call — lower is better" : m == 2 ? "calls a second, all threads — higher is better" \
               : m == 3 ? "peak RSS growth — lower is better" : "blow-up: peak RSS growth / peak live bytes"
column_of(m) = m == 4 ? 13 : 3 * m
figure_text(m, v) = m == 1 ? (v < 0.9995e3 ? sprintf("%g ns", v) : v < 0.9995e6 ? sprintf("%g µs", v / 1e3) : sprintf("%g ms", v / 1e6)) \
                  : m == 2 ? (v < 0.9995e6 ? sprintf("%g k", v / 1e3) : sprintf("%g M", v / 1e6)) \
                  : v == 0 ? "0" : m == 3 ? (v < 0.9995 ? sprintf("%g KiB", v * 1024) : v < 999.5 ? sprintf("%g MiB", v) : sprintf("%g GiB", v / 1024)) \
                  : sprintf("%g×", v)
scale_of(m) = m == 3 ? 1048576.0 : 1.0
# The live bytes are the floor that growth is seen against.
live_low = NaN; live_high = NaN; lives = 0
do for [i=1:points] {
    if (present(live[i]) && live[i] > 0) {
        lives = lives + 1
        live_low = present(live_low) ? least(live_low, live[i]) : live[i]
        live_high = present(live_high) ? most(live_high, live[i]) : live[i]
    }
}
if (lives > 0 && some[3]) { x = low_to(3, live_low); x = high_to(3, live_high) }

# ---- drawing -------------------------------------------------------------------------------------
columns = panels == 4 ? 2 : panels < 1 ? 1 : panels
lines = panels < 1 ? 1 : int((panels + columns - 1) / columns)
chart_width = 1100
gutter = 66; left = 84
legend_name(a) = short_name(a, 30)
legend_width(a) = 34 + strlen(legend_name(a)) * 7.4
array legend_x[allocators]
array legend_row[allocators]
x = left; row = 0
do for [a=1:allocators] {
    if (timed[a]) {
        if (x > left && x + legend_width(a) > chart_width - 10) { x = left; row = row + 1 }
        legend_x[a] = x; legend_row[a] = row
        x = x + legend_width(a)
    }
}
top = 102 + 20 * row; head = 26; foot = 52; panel_height = lines < 2 ? 360 : 270
panel_width = (chart_width - left - 24 - (columns - 1) * gutter) / real(columns)
chart_height = top + lines * (head + panel_height + foot) + 26
chart_title = cut(subject, 50)." by ".param.(fixed eq "" || fixed eq " " ? "" : " (".cut(fixed, 60).")")
chart_subtitle = "Medians over the blocks, bands: 95 % intervals" \
    .(lives > 0 && some[3] ? "; grey, dashed: peak live bytes" : "").(by_threads && present(cpus) ? sprintf("; upright, dashed: as many threads as CPUs") : "").". Mark: a value that was measured."
cut_remark = ""
panel_x(p) = left + ((p - 1) % columns) * (panel_width + gutter)
panel_y(p) = top + int((p - 1) / columns) * (head + panel_height + foot) + head

do for [format in "svg png"] {
    load folder."terminal.gp"
    tick_font = font_size(11)
    tag = 100
    do for [a=1:allocators] {
        if (timed[a]) {
            set label tag "" at legend_x[a] + 6, 78 + 20 * legend_row[a] point pt mark[a] ps 1.2 * mark_scale lw 1.5 lc rgb ink[a]
            set label tag + 1 legend_name(a) at legend_x[a] + 16, 78 + 20 * legend_row[a] font font_size(12) tc rgb ink_text
            tag = tag + 2
        }
    }
    do for [p=1:panels] {
        set label tag panel_title(panel_measure[p]) at panel_x(p), panel_y(p) - 13 font font_bold(12) tc rgb ink_text
        set label tag + 1 param at panel_x(p) + panel_width / 2, panel_y(p) + panel_height + 38 center font font_size(12) tc rgb ink_soft
        tag = tag + 2
    }
    if (panels == 0) { set label tag "No trial of this sweep gave a figure." at chart_width / 2, top + 120 center font font_size(13) tc rgb ink_alarm }
    load folder."canvas.gp"
    do for [p=1:panels] { m = panel_measure[p]; load folder."curve_panel.gp" }
    unset multiplot
    set output
}
