# gnuplot -c heap_panels.gp TABLES STEM FOOTER NAME: writes STEM.svg and STEM.png, heap maps side by
# side at one scale, from TABLES/NAME.tsv and the pixels that it names.
folder = ARG0[1:strlen(ARG0) - strlen("heap_panels.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; name = ARG4
allocators = 0
array allocator[1]
load folder."style.gp"
load folder."heap_colours.gp"

table_file = tables."/".name.".tsv"
take_facts(title, subtitle, count, columns, width) = (chart_title = title, chart_subtitle = subtitle, panels = count, panel_columns = columns, panel_width = width, 0)
set table $nowhere
plot table_file index 0 every ::1 using (take_facts(strcol(1), strcol(2), int($3), int($4), int($5))) with table
array pixels[panels]; array panel_label[panels]; array figures[panels]; array empty[panels]; array panel_height[panels]
array live_part[panels]; array rest_part[panels]; array empty_part[panels]
p = 0
take_panel(file, text, numbers, none, height) = (p = p + 1, pixels[p] = file, panel_label[p] = text, figures[p] = numbers, empty[p] = none, panel_height[p] = height, 0)
take_parts(live, rest, none) = (live_part[p] = live, rest_part[p] = rest, empty_part[p] = none, 0)
plot table_file index 1 every ::1 using (take_panel(strcol(1), strcol(2), strcol(3), strcol(4), int($5)) + take_parts($6, $7, $8)) with table
plot table_file index 2 every ::1 using (show_code(int($1), int($2))) with table
unset table

# ---- the page --------------------------------------------------------------------------------
chart_width = 1100
gap = panel_columns > 1 ? (chart_width - 48 - panel_columns * panel_width) / real(panel_columns - 1) : 0
left = 24
head = 50; foot = 22; top = 112
lines = int((panels + panel_columns - 1) / panel_columns)
array line_y[lines + 1]
line_y[1] = top
do for [l=1:lines] {
    tallest = 0
    do for [i=(l-1)*panel_columns+1:least(l*panel_columns, panels)] { tallest = most(tallest, panel_height[i]) }
    line_y[l + 1] = line_y[l] + head + tallest + foot
}
chart_height = int(line_y[lines + 1]) + 34
cut_remark = ""
panel_x(i) = int(left + ((i - 1) % panel_columns) * (panel_width + gap))
panel_y(i) = int(line_y[int((i - 1) / panel_columns) + 1] + head)

do for [format in "svg png"] {
    load folder."terminal.gp"
    legend_x = 24; legend_y = 76; legend_tag = 1000
    load folder."heap_legend.gp"
    tag = 2000
    do for [i=1:panels] {
        x = panel_x(i); y = panel_y(i)
        set label tag panel_label[i] at x, y - 40 font font_bold(13) tc rgb ink_text
        set label tag + 1 figures[i] at x + panel_width, y - 40 right font font_size(11) tc rgb ink_soft
        # What is resident, as one bar: live, lost within used pages, empty pages.
        from = x
        to = from + live_part[i] * panel_width
        set object tag rectangle from from, y - 28 to to, y - 20 fs solid noborder fc rgb ramp_at(95)
        from = to; to = from + rest_part[i] * panel_width
        set object tag + 1 rectangle from from, y - 28 to to, y - 20 fs solid noborder fc rgb ramp_at(18)
        from = to; to = from + empty_part[i] * panel_width
        set object tag + 2 rectangle from from, y - 28 to to, y - 20 fs solid noborder fc rgb code_ink[7]
        set label tag + 2 empty[i]." empty" at x, y - 11 font font_size(10) tc rgb ink_soft
        tag = tag + 3
    }
    set label tag "Bar: resident bytes = live + the rest of pages in use + empty pages." at chart_width - 24, legend_y + 16 right font font_size(10) tc rgb ink_soft
    load folder."canvas.gp"
    do for [i=1:panels] {
        set lmargin at screen panel_x(i) / real(chart_width)
        set rmargin at screen (panel_x(i) + panel_width) / real(chart_width)
        set tmargin at screen 1 - panel_y(i) / real(chart_height)
        set bmargin at screen 1 - (panel_y(i) + panel_height[i]) / real(chart_height)
        set xrange [-0.5:panel_width-0.5]; set yrange [panel_height[i]-0.5:-0.5]
        plot tables."/".pixels[i] binary array=(panel_width, panel_height[i]) format="%uint8" \
            using (red[$1 + 1]):(green[$1 + 1]):(blue[$1 + 1]) with rgbimage notitle
    }
    unset multiplot
    set output
}
