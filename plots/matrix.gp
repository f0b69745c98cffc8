# A matrix of small panels: a row an allocator, a column a workload, so that a name stands once
# at the left and any number of allocators needs no legend. Every cell shows its figure as text,
# so a reader never has to guess from a length, and a failed cell says why it failed.
#
# Takes, beside what style.gp and canvas.gp take:
#   panels, panel[]                  columns and their heads
#   value[], low[], high[]           by (column - 1) * allocators + row; NaN: absent
#   note[]                           by the same: why there is no value, or ""
#   matrix_kind                      "interval": a mark with its interval around a line at 1
#                                    "bar": from 0
#                                    "stack": bars cut into parts[], see stack_* below
#   matrix_ratio                     1: figures are ratios: line at 1, one axis for all if it fits
#   text_of(x)                       how a figure is written
#   axis_title
# "stack" takes stack_parts, stack_names, stack_share[(cell - 1) * stack_parts + part], stack_ink[].

row_pixels = allocators > 11 ? 40 : allocators < 6 ? 52 : 43
name_most = 0
do for [a=1:allocators] { name_most = most(name_most, least(strlen(allocator[a]), 26)) }
head_most = 0
do for [p=1:panels] { head_most = most(head_most, strlen(panel[p])) }
left = 56 + name_most * 7.6
gap = 16
chart_width = most(1100, int(left + panels * (104 + gap)))
panel_width = (chart_width - left - 24 - (panels - 1) * gap) / real(panels)
top = 108
chart_height = top + allocators * row_pixels + 72
bottom = top + allocators * row_pixels

# ---- how far the figures reach ---------------------------------------------------------------
# A bar that is more than four times the median of its column is cut, so that one spendthrift
# does not flatten the others; its figure still says how long it would have been.
bar_most = 4
array reach_lo[panels]
array reach_hi[panels]
all_lo = NaN; all_hi = NaN; log_axis = matrix_kind eq "interval"; cuts = 0
do for [p=1:panels] {
    first_cell = (p - 1) * allocators
    count = sum [a=1:allocators] present(value[first_cell + a])
    median = NaN
    do for [a=1:allocators] {
        x = value[first_cell + a]
        not_above = sum [b=1:allocators] (value[first_cell + b] <= x)
        if (present(x) && not_above * 2 >= count && !(median <= x)) { median = x }
    }
    lo = NaN; hi = NaN
    do for [a=1:allocators] {
        do for [end=1:3] {
            x = end == 1 ? value[first_cell + a] : end == 2 ? low[first_cell + a] : high[first_cell + a]
            if (present(x) && x > 0) {
                if (matrix_kind eq "bar" && x > bar_most * median && median > 0) {
                    cuts = cuts + 1
                } else {
                    lo = present(lo) ? least(lo, x) : x; hi = present(hi) ? most(hi, x) : x
                }
            }
        }
    }
    if (!present(lo)) { lo = 1; hi = 1 }
    if (matrix_ratio) { lo = least(lo, 1); hi = most(hi, 1) }
    if (matrix_kind eq "stack" && hi / lo > 20) { log_axis = 1 }
    reach_lo[p] = lo; reach_hi[p] = hi
    all_lo = present(all_lo) ? least(all_lo, lo) : lo
    all_hi = present(all_hi) ? most(all_hi, hi) : hi
}
cut_remark = cuts ? " Slashed: bar cut short." : ""
one_axis = matrix_ratio && all_hi / all_lo <= 6

load folder."terminal.gp"
tick_font = font_size(11)

# ---- the page: bands, names, heads -----------------------------------------------------------
tag = 100
do for [a=1:allocators] {
    y = top + (a - 0.5) * row_pixels
    if (a % 2) {
        set object tag rectangle from 16, y - row_pixels / 2.0 to chart_width - 16, y + row_pixels / 2.0 \
            fc rgb ink_band fs solid noborder behind
    }
    set label tag "" at 31, y point pt mark[a] ps 1.3 * mark_scale lw 1.5 lc rgb ink[a]
    tag = tag + 1
    set label tag short_name(a, 26) at 44, y font font_size(13) tc rgb ink_text
    tag = tag + 1
}
do for [p=1:panels] {
    set label tag cut(panel[p], int((panel_width + gap - 6) / 7.6)) at left + (p - 1) * (panel_width + gap), top - 14 \
        font font_bold(head_most * 8.3 > panel_width ? 11 : 12) tc rgb ink_text
    tag = tag + 1
}
if (matrix_kind eq "stack") {
    x = chart_width - 24 - 92 * stack_parts
    do for [k=1:stack_parts] {
        set object tag rectangle from x + k * 92 - 78, 44 to x + k * 92 - 62, 58 fc rgb stack_ink[k] fs solid border rgb ink_text lw 0.6 front
        set label tag word(stack_names, k) at x + k * 92 - 56, 51 font font_size(12) tc rgb ink_text
        tag = tag + 1
    }
}
set label tag axis_title.(log_axis ? ", log scale" : "") at left + (chart_width - 24 - left) / 2, bottom + 37 center font font_size(12) tc rgb ink_soft
load folder."canvas.gp"

do for [p=1:panels] {
    if (one_axis) { reach_lo[p] = all_lo; reach_hi[p] = all_hi }
    load folder."matrix_panel.gp"
}
unset multiplot
set output
