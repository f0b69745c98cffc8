# The sheet under every chart: in the terminal that terminal.gp opened, chart_width x
# chart_height pixels, writes title, subtitle and footer, and leaves a multiplot open in whose
# first, page-wide plot the unit is a pixel counted from the top left. The caller adds labels
# and objects to the page before `load "canvas.gp"`, with tags from 100 on.
#
# Takes chart_title, chart_subtitle, cut_remark, footer, stem, format, chart_width, chart_height.

set output stem.".".format
set multiplot
unset border; unset tics; unset key; unset grid; unset logscale
set margins 0, 0, 0, 0
set origin 0, 0; set size 1, 1
set xrange [0:chart_width]; set yrange [chart_height:0]
set label 1 chart_title at 24, 28 font font_bold(17) tc rgb ink_text
set label 2 chart_subtitle.cut_remark at 24, 51 font font_size(12) tc rgb ink_soft
set label 3 footer at 24, chart_height - 15 font font_size(11) tc rgb ink_soft
plot NaN notitle
unset label; unset object; unset arrow
