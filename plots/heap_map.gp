# gnuplot -c heap_map.gp TABLES STEM FOOTER NAME: writes STEM.svg and STEM.png, the map of one heap
# from TABLES/NAME.tsv and TABLES/NAME.bin, its numbers, the sizes of what is free.
folder = ARG0[1:strlen(ARG0) - strlen("heap_map.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; name = ARG4
allocators = 0
array allocator[1]
load folder."style.gp"
load folder."heap_colours.gp"

# ---- reading: every block begins with a line of headings -------------------------------------
table_file = tables."/".name.".tsv"
bands = 0; numbers = 0; sizes = 0; strips = 0
array band_row[4096]; array band_rows[4096]; array band_kind[4096]; array band_bytes[4096]
array number_label[64]; array number_value[64]
array class_bytes[11]
array size_log[64]; array size_blocks[64]; array size_bytes[64]
do for [i=1:11] { class_bytes[i] = 0 }
take_facts(title, subtitle, scale, width, height, pixels, walked) = (map_title = title, map_subtitle = subtitle, map_scale = scale, \
    map_width = width, map_height = height, cell_pixels = pixels, map_walked = walked, 0)
take_band(row, rows, kind, bytes) = bands < 4096 ? (bands = bands + 1, band_row[bands] = row, band_rows[bands] = rows, \
    band_kind[bands] = kind, band_bytes[bands] = bytes, 0) : 0
take_number(label, value) = numbers < 64 ? (numbers = numbers + 1, number_label[numbers] = label, number_value[numbers] = value, 0) : 0
take_class(class, bytes) = (class_bytes[class + 1] = bytes, 0)
take_size(log, blocks, bytes) = (sizes = sizes + 1, size_log[sizes] = log, size_blocks[sizes] = blocks, size_bytes[sizes] = bytes, 0)
set table $nowhere
plot table_file index 0 every ::1 using (take_facts(strcol(1), strcol(2), strcol(3), int($4), int($5), int($6), int($7))) with table
plot table_file index 1 every ::1 using (show_code(int($1), int($2))) with table
plot table_file index 2 every ::1 using (take_band(int($1), int($2), strcol(3), strcol(4))) with table
plot table_file index 3 every ::1 using (take_number(strcol(1), strcol(2))) with table
plot table_file index 4 every ::1 using (take_class(int($1), $2)) with table
if (map_walked) {
    plot table_file index 5 every ::1 using (present($1) ? take_size(int($1), $2, $3) : 0) with table
}
unset table

# ---- the page --------------------------------------------------------------------------------
chart_width = 1100
map_x = 116; map_y = 112
side_x = map_x + map_width + 36
side_line = 19
graph_y = map_y + map_height + 60
graph_height = 90
graphs = map_walked ? 3 : 1
graph_step = graph_height + 58
side_height = 0
do for [i=1:numbers] { side_height = side_height + (number_label[i] ne "" ? side_line : 8) }
chart_height = most(graph_y + graphs * graph_step, map_y + side_height) + 30
chart_title = map_title
chart_subtitle = map_subtitle
cut_remark = ""
kib = 1024.0; mib = 1048576.0
log_text(e) = e < 10 ? sprintf("%d B", 2 ** e) : e < 20 ? sprintf("%d K", 2 ** (e - 10)) : e < 30 ? sprintf("%d M", 2 ** (e - 20)) : sprintf("%d G", 2 ** (e - 30))

do for [format in "svg png"] {
    load folder."terminal.gp"
    legend_x = map_x; legend_y = 76; legend_tag = 1000
    load folder."heap_legend.gp"
    tag = 2000
    do for [i=1:bands] {
        y = map_y + band_row[i] * cell_pixels
        y_end = y + band_rows[i] * cell_pixels
        set arrow tag from map_x - 7, y + 1 to map_x - 7, y_end - 1 nohead lc rgb 0x9A9A94 lw 1.4
        band_height = y_end - y
        if (band_height >= 30) {
            set label tag band_kind[i] at map_x - 14, (y + y_end) / 2 - 7 right font font_bold(11) tc rgb ink_text
            set label tag + 1 band_bytes[i] at map_x - 14, (y + y_end) / 2 + 7 right font font_size(10) tc rgb ink_soft
        } else {
            if (band_height >= 12) {
                set label tag band_kind[i]." ".band_bytes[i] at map_x - 14, (y + y_end) / 2 right font font_size(10) tc rgb ink_soft
            }
        }
        tag = tag + 2
    }
    y = map_y + 7
    do for [i=1:numbers] {
        if (number_label[i] ne "") {
            set label tag number_label[i] at side_x, y font font_size(11) tc rgb ink_soft
            set label tag + 1 number_value[i] at chart_width - 24, y right font (i == 1 || i == 2 ? font_bold(12) : font_size(12)) tc rgb ink_text
            y = y + side_line
        } else {
            set arrow tag from side_x, y - 3 to chart_width - 24, y - 3 nohead lc rgb ink_faint lw 0.8
            y = y + 8
        }
        tag = tag + 2
    }
    set label tag map_scale at map_x, map_y + map_height + 14 font font_size(11) tc rgb ink_soft
    set label tag + 1 "Resident memory by the live share of its pages" at map_x, graph_y - 12 font font_bold(12) tc rgb ink_text
    load folder."canvas.gp"

    # The map, pixel by pixel.
    set lmargin at screen map_x / real(chart_width)
    set rmargin at screen (map_x + map_width) / real(chart_width)
    set tmargin at screen 1 - map_y / real(chart_height)
    set bmargin at screen 1 - (map_y + map_height) / real(chart_height)
    set xrange [-0.5:map_width-0.5]; set yrange [map_height-0.5:-0.5]
    plot tables."/".name.".bin" binary array=(map_width, map_height) format="%uint8" \
        using (red[$1 + 1]):(green[$1 + 1]):(blue[$1 + 1]) with rgbimage notitle
    load folder."heap_graphs.gp"
    unset multiplot
    set output
}
