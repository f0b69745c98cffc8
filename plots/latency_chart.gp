# The chart of latency.gp and requests.gp, which say in `listing` which table lists what to draw, and
# what it is in `title_text` and `one_text` ("call").
load folder."tables.gp"
load folder."style.gp"

# ---- reading ---------------------------------------------------------------------------------
paced = 0; gap = 1; panels_text = ""; latency_name = ""
choose(i, file, p, g, names) = i + 1 == w ? (latency_name = file, paced = p, gap = g, panels_text = names, 0) : 0
set table $nowhere
plot tables.listing skip 1 using (choose(int($1), strcol(2), int($3), int($4), strcol(5))) with table
latency_file = tables."/".latency_name
panels = words(panels_text)
# A call of no measurable time is drawn as one of half a nanosecond.
least_s = 0.5e-9
shown(t) = t > least_s ? t : least_s
y_low = 1.0; y_high = least_s; x_most = 1.0
array longest[allocators * panels]
array longest_at[allocators * panels]
array timed[allocators]
do for [i=1:allocators*panels] { longest[i] = NaN; longest_at[i] = NaN }
do for [a=1:allocators] { timed[a] = 0 }
see(i, nines, t, last) = present(t) ? (y_low = least(y_low, shown(t)), y_high = most(y_high, shown(t)), \
    x_most = most(x_most, nines), timed[(i - 1) % allocators + 1] = 1, \
    last ? (longest[i] = shown(t), longest_at[i] = nines, 0) : 0) : 0
do for [i=1:allocators*panels] {
    plot latency_file index i-1 using (see(i, $1, $2, int($3))) with table
}
unset table
y_low = 10.0 ** floor(log10(y_low)); y_high = 10.0 ** ceil(log10(y_high * 1.05))
x_most = x_most + 0.15

# ---- drawing ---------------------------------------------------------------------------------
columns = panels < 3 ? panels : panels == 4 ? 2 : 3
lines = int((panels + columns - 1) / columns)
chart_width = 1100; panel_height = lines < 2 ? 330 : 250
head = 26; foot = 44; gutter = 30; left = 76; top = 102
panel_width = (chart_width - left - 24 - (columns - 1) * gutter) / real(columns)
chart_height = top + lines * (head + panel_height + foot) + 30
chart_title = title_text.": ".cut(workload[w], 60)." — lower is better"
chart_subtitle = (paced ? "Open loop: from the moment a ".one_text." was due to its end, waiting included. " \
                        : "Closed loop: from a ".one_text."'s start to its end. ") \
    .(gap > 1 ? sprintf("One %s in %d was timed. ", one_text, gap) : "") \
    ."Curves end where fewer than ten were slower; the marks are the longest."
cut_remark = ""
# What each panel of requests is, beside the name of its kind.
panel_title(kind) = kind eq "service" ? "service: from its start" \
    : kind eq "wake-up" ? "wake-up: how late the worker woke, in neither" \
    : kind eq "request" && paced ? "request: from when it was due" : kind
panel_x(p) = left + ((p - 1) % columns) * (panel_width + gutter)
panel_y(p) = top + int((p - 1) / columns) * (head + panel_height + foot) + head
time_text(t) = t < 0.9995e-6 ? sprintf("%g ns", t * 1e9) : t < 0.9995e-3 ? sprintf("%g µs", t * 1e6) \
             : t < 0.9995 ? sprintf("%g ms", t * 1e3) : sprintf("%g s", t)
percent_text(n) = n == 0 ? "0" : n == 1 ? "90 %%" : n == 2 ? "99 %%" : "99.".substr("999999999", 1, n - 2)." %%"

do for [format in "svg png"] {
    load folder."terminal.gp"
    tick_font = font_size(panel_width < 400 ? 10 : 11)
    tag = 100; x = left
    do for [a=1:allocators] {
        if (timed[a]) {
            if (x + 26 + strlen(short_name(a, 18)) * 8 > chart_width) { x = x + 10000 } # no room: the csv has it
            set label tag "" at x + 6, 78 point pt mark[a] ps 1.2 * mark_scale lw 1.5 lc rgb ink[a]
            set label tag + 1 short_name(a, 18) at x + 16, 78 font font_size(12) tc rgb ink_text
            x = x + 34 + strlen(short_name(a, 18)) * 8
            tag = tag + 2
        }
    }
    do for [p=1:panels] {
        set label tag panel_title(word(panels_text, p)) at panel_x(p), panel_y(p) - 13 font font_bold(12) tc rgb ink_text
        tag = tag + 1
    }
    set label tag "share of the ".one_text."s that took no longer" at left + (chart_width - 24 - left) / 2, chart_height - 40 center font font_size(12) tc rgb ink_soft
    load folder."canvas.gp"
    do for [p=1:panels] { load folder."latency_panel.gp" }
    unset multiplot
    set output
}
