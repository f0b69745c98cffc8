# Finds the frontier, and a place for each name beside its point: over no other name, point,
# interval or the frontier, inside the plot: the nearest free one of some directions and distances. Works in pixels from the top left.
# Gives label_x[], label_y[] (centre of the left or right end), label_led[]: 1 when it stands so
# far off that a thin line must lead to it.

pixel_x(x) = left + (log(x) - log(x_lo)) / (log(x_hi) - log(x_lo)) * (right - left)
pixel_y(y) = bottom - (log(y) - log(y_lo)) / (log(y_hi) - log(y_lo)) * (bottom - top)
name_of(a) = cut(elder[a] == a ? allocator[a] : brief(a), 42)
name_width(a) = strlen(name_of(a)) * 8.0 + 4


# ---- the frontier: from each unbeaten point to the next slower one, a staircase ----------------
array corner_x[2 * allocators + 2]
array corner_y[2 * allocators + 2]
corners = 0
at_speed = x_hi
do for [turn=1:allocators] {
    next = 0
    do for [a=1:allocators] {
        if (shown(a) && pareto[a] == 1 && speed[a] < at_speed && (next == 0 || speed[a] > speed[next == 0 ? a : next])) { next = a }
    }
    if (next > 0) {
        corners = corners + 2
        corner_x[corners - 1] = speed[next]
        corner_y[corners - 1] = corners == 2 ? y_hi : corner_y[corners - 2]
        corner_x[corners] = speed[next]; corner_y[corners] = memory[next]
        at_speed = speed[next]
    }
}
corners = corners + 1
corner_x[corners] = corners > 1 ? x_lo : x_hi; corner_y[corners] = corners > 1 ? corner_y[corners == 1 ? 1 : corners - 1] : y_hi

# ---- places for the names ----------------------------------------------------------------------
array label_x[allocators]
array label_y[allocators]
array label_led[allocators]
array placed[allocators]
do for [a=1:allocators] { placed[a] = 0 }
apart_by(x1, y1, w1, h1, x2, y2, w2, h2) = abs(x1 - x2) * 2 >= w1 + w2 || abs(y1 - y2) * 2 >= h1 + h2
clear_of_label(a, x, y, b) = !placed[b] || apart_by(x, y, name_width(a), 17, label_x[b], label_y[b], name_width(b), 17)
clear_of_point(a, x, y, b) = !shown(b) || apart_by(x, y, name_width(a), 15, pixel_x(speed[b]), pixel_y(memory[b]), 14, 14)
clear_of_bar(a, x, y, b) = !shown(b) || !present(speed_low[b]) || !present(speed_high[b]) \
    || apart_by(x, y, name_width(a), 13, (pixel_x(speed_low[b]) + pixel_x(speed_high[b])) / 2, pixel_y(memory[b]), \
                pixel_x(speed_high[b]) - pixel_x(speed_low[b]), 4)
clear_of_step(a, x, y, i) = apart_by(x, y, name_width(a), 14, \
    (pixel_x(corner_x[i]) + pixel_x(corner_x[i + 1])) / 2, (pixel_y(corner_y[i]) + pixel_y(corner_y[i + 1])) / 2, \
    abs(pixel_x(corner_x[i]) - pixel_x(corner_x[i + 1])) + 2, abs(pixel_y(corner_y[i]) - pixel_y(corner_y[i + 1])) + 2)
inside(a, x, y) = x - name_width(a) / 2 > left + 2 && x + name_width(a) / 2 < right && y - 9 > top && y + 9 < bottom
free(a, x, y) = inside(a, x, y) && (sum [b=1:allocators] (clear_of_label(a, x, y, b) && clear_of_point(a, x, y, b) \
    && clear_of_bar(a, x, y, b))) == allocators \
    && (corners < 2 || (sum [i=1:corners-1] clear_of_step(a, x, y, i)) == corners - 1)

do for [a=1:allocators] {
    if (shown(a)) {
        px = pixel_x(speed[a]); py = pixel_y(memory[a])
        found = 0
        bar = present(speed_high[a]) ? pixel_x(speed_high[a]) - px : 0
        # An unbeaten point has free room on the side of the better: right and below.
        side_x = pareto[a] == 1 ? "1 1 0 -1 0 1 -1 -1" : "0 -1 1 0 -1 1 -1 1"
        side_y = pareto[a] == 1 ? "0 1 1 0 -1 -1 1 -1" : "-1 0 0 1 -1 -1 1 1"
        do for [step=0:14] {
            d = step * 7.0
            do for [turn=0:7] {
                dx = word(side_x, turn + 1) + 0
                dy = word(side_y, turn + 1) + 0
                x = px + dx * ((dy == 0 ? most(14, bar + 8) : 0) + name_width(a) / 2 + d * 0.6)
                y = py + dy * (16 + d)
                if (!found && free(a, x, y)) {
                    found = 1
                    label_x[a] = x; label_y[a] = y; label_led[a] = step > 1
                }
            }
        }
        if (!found) { label_x[a] = px; label_y[a] = py - 15; label_led[a] = 0 }
        placed[a] = 1
    }
}
