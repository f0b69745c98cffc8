# Below the map of one heap: resident bytes by occupancy, and what the heap walk knows. Part of
# heap_map.gp, whose variables it uses. A graph stands graph_step below the one before.

set lmargin at screen map_x / real(chart_width)
set rmargin at screen (map_x + map_width) / real(chart_width)
top_of(n) = 1 - (graph_y + n * graph_step) / real(chart_height)
bottom_of(n) = 1 - (graph_y + n * graph_step + graph_height) / real(chart_height)
set border 1 lc rgb ink_soft lw 0.8

class_most = 1
do for [i=1:11] { class_most = most(class_most, class_bytes[i]) }
set tmargin at screen top_of(0)
set bmargin at screen bottom_of(0)
set xrange [-0.6:10.6]; set yrange [0:class_most * 1.2]
do for [i=0:10] {
    figure = class_bytes[i + 1] > 0 ? mib_text(class_bytes[i + 1] / mib) : "0"
    class_name = i == 0 ? "empty" : sprintf("≤ %d %%", i * 10)
    set object 10 + i rectangle from i - 0.42, 0 to i + 0.42, class_bytes[i + 1] fs solid noborder \
        fc rgb (i == 0 ? code_ink[7] : ramp_at(i * 10 - 5))
    set label 10 + i figure at i, class_bytes[i + 1] + class_most * 0.1 center font font_size(10) tc rgb (class_bytes[i + 1] > 0 ? ink_text : ink_soft)
    set label 30 + i class_name at i, graph 0 offset 0, -0.7 center font font_size(11) tc rgb ink_soft
}
plot NaN notitle
unset label; unset object

if (map_walked) {
    hole_ink = 0xB0722A
    # Sizes of free blocks by powers of two.
    size_most = 1; size_lo = 5; size_hi = 12
    do for [i=1:sizes] {
        size_most = most(size_most, size_bytes[i])
        size_hi = most(size_hi, size_log[i]); size_lo = least(size_lo, size_log[i])
    }
    set tmargin at screen top_of(1)
    set bmargin at screen bottom_of(1)
    set xrange [size_lo - 0.6:size_hi + 0.6]; set yrange [0:size_most * 1.2]
    set label 9 "Free blocks of the heap walk, by size: their bytes, and how many" at graph 0, graph 1 offset 0, 0.8 font font_bold(12) tc rgb ink_text
    do for [i=1:sizes] {
        figure = count_text(size_blocks[i])
        set object 10 + i rectangle from size_log[i] - 0.42, 0 to size_log[i] + 0.42, size_bytes[i] fs solid noborder fc rgb hole_ink
        set label 10 + i figure at size_log[i], size_bytes[i] + size_most * 0.1 center font font_size(10) tc rgb ink_text
    }
    do for [e=size_lo:size_hi] {
        figure = "≥ ".log_text(e)
        set label 80 + e figure at e, graph 0 offset 0, -0.7 center font font_size(10) tc rgb ink_soft
    }
    plot NaN notitle
    unset label; unset object

    # The same along the address axis.
    strip_lo = size_hi; strip_hi = size_hi + 1
    set tmargin at screen top_of(2)
    set bmargin at screen bottom_of(2)
    set table $nowhere
    plot table_file index 6 every ::1 using ($2 > 0 ? (strip_lo = least(strip_lo, floor(log($2) / log(2))), 0) : 0) with table
    unset table
    strip_lo = least(strip_lo - 1, strip_hi - 4)
    set xrange [0:384]; set yrange [strip_lo:strip_hi]
    set label 9 "The row of holes: the largest free block at each place, from the lowest address to the highest" \
        at graph 0, graph 1 offset 0, 0.8 font font_bold(12) tc rgb ink_text
    do for [e=strip_lo:strip_hi] {
        if ((e - strip_lo) % most(1, int((strip_hi - strip_lo) / 4)) == 0) {
            figure = log_text(e)
            set label 100 + e figure at graph 0, first e offset -0.8, 0 right font font_size(10) tc rgb ink_soft
            set arrow 100 + e from graph 0, first e to graph 1, first e nohead lc rgb ink_faint lw 0.6 back
        }
    }
    set style fill solid noborder
    plot table_file index 6 every ::1 using 1:($2 > 0 ? log($2) / log(2) : strip_lo) with fillsteps lc rgb hole_ink notitle
    unset label; unset arrow
}
unset border
