# Opens the terminal of `format` ("svg" or "png"), chart_width x chart_height pixels, white.
# Gives font_size(pixels), font_bold(pixels) for labels, and
# mark_scale, the point size that makes marks equal in both.

if (format eq "svg") {
    set terminal svg noenhanced dynamic size chart_width, chart_height font svg_font.",12" background rgb "white"
    # svg counts pixels ...
    font_size(pixels) = sprintf("%s,%d", svg_font, pixels)
    # (a ":Bold" it would take for a part of the family's name)
    font_bold(pixels) = sprintf("%s bold,%d", svg_font, pixels)
    mark_scale = 0.68
} else {
    set terminal pngcairo noenhanced size chart_width, chart_height font png_font.",9" background rgb "white"
    # ... and pngcairo points of 4/3 pixels.
    font_size(pixels) = sprintf("%s,%.2f", png_font, pixels * 0.75)
    font_bold(pixels) = sprintf("%s:Bold,%.2f", png_font, pixels * 0.75)
    mark_scale = 1.0
}
