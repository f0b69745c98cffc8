# Draws a panel of bars, one a row of `bars_file`: column 1 is the class, column 3 its share.
# Takes bars_file, bars_text(x) for the class, panel_top,
# panel_height, panel_title.

rows = 0
share_most = 0
set table $nowhere
plot bars_file skip 1 using (rows = rows + 1, share_most = most(share_most, $3)) with table
unset table
set lmargin at screen 60 / real(chart_width)
set rmargin at screen 1 - 24 / real(chart_width)
set tmargin at screen 1 - panel_top / real(chart_height)
set bmargin at screen 1 - (panel_top + panel_height) / real(chart_height)
set border 1 lc rgb ink_soft lw 0.8
unset xtics; unset ytics
set xrange [-0.6:most(rows, 1) - 0.4]
set yrange [0:share_most > 0 ? share_most * 1.14 : 1]
small_font = font_size(10)
set style fill solid 1 noborder
set boxwidth 0.8
set label 1 panel_title at graph 0, 1 offset 0, 0.9 font font_bold(12) tc rgb ink_text
if (rows > 0) {
    # As many names below as find room.
    every = int((rows + 15) / 16)
    set xtics scale 0 () offset 0, 0.3 font small_font tc rgb ink_soft
    name(i, x) = i % every == 0 ? bars_text(x) : ""
    plot bars_file skip 1 using 0:3:xticlabels(name(int($0), $1)) with boxes fc rgb ink_bar notitle, \
         bars_file skip 1 using 0:3:(rows <= 16 ? share_text($3) : rows <= 26 && $3 >= 0.0005 ? share_text($3) : "") with labels \
             offset 0, 0.6 font small_font tc rgb ink_text notitle
} else {
    set label 2 "none" at graph 0.5, 0.5 center font font_size(12) tc rgb ink_soft
    plot NaN notitle
}
unset label; unset xtics
