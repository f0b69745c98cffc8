# Adds the legend of a heap map to the page: a line of swatches at legend_y, from legend_x on, with
# tags from legend_tag on. Before canvas.gp.

legend_ramp = 140
do for [i=0:legend_ramp/2-1] {
    set object legend_tag + i rectangle from legend_x + 2 * i, legend_y - 6 to legend_x + 2 * i + 2, legend_y + 6 \
        fs solid noborder fc rgb ramp_at(100.0 * i / (legend_ramp / 2 - 1))
}
set label legend_tag "0" at legend_x, legend_y + 16 font font_size(10) tc rgb ink_soft
set label legend_tag + 1 "100 % of the page live" at legend_x + legend_ramp, legend_y + 16 right font font_size(10) tc rgb ink_soft
legend_at = legend_x + legend_ramp + 26
legend_i = legend_tag + 100
do for [c in "7 4 5 6 3"] {
    k = int(c)
    if (code_shown[k]) {
        set object legend_i rectangle from legend_at, legend_y - 6 to legend_at + 12, legend_y + 6 fs solid noborder fc rgb code_ink[k]
        set label legend_i code_text[k] at legend_at + 18, legend_y font font_size(11) tc rgb ink_text
        legend_at = legend_at + 18 + 6.2 * strlen(code_text[k]) + 20
        legend_i = legend_i + 1
    }
}
