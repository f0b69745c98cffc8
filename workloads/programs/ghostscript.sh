#!/bin/sh
# Writes a PostScript document of six pages to standard output: text in several fonts and sizes,
# curves, filled shapes, a shading.
awk 'BEGIN {
    pages = 6; lines = 46; curves = 160
    split("Times-Roman Helvetica Courier Times-Italic Helvetica-Bold", font, " ")
    seed = 12345
    print "%!PS-Adobe-3.0"
    for (page = 1; page <= pages; page++) {
        for (i = 0; i < curves; i++)
            printf "%.3f %.3f %.3f setrgbcolor newpath %d %d moveto %d %d %d %d %d %d curveto %s\n",
                   draw(100) / 100, draw(100) / 100, draw(100) / 100, draw(600), draw(800),
                   draw(600), draw(800), draw(600), draw(800), draw(600), draw(800),
                   i % 4 == 0 ? "closepath fill" : "stroke"
        printf "<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 600 800] /Function"
        print " << /FunctionType 2 /Domain [0 1] /C0 [1 1 1] /C1 [0.6 0.8 1] /N 1 >> >>"
        print "gsave 60 60 480 120 rectclip shfill grestore 0 setgray"
        for (i = 0; i < lines; i++) {
            printf "/%s findfont %d scalefont setfont 60 %d moveto (", font[1 + i % 5],
                   7 + draw(6), 760 - i * 15
            for (w = 0; w < 9; w++) {
                for (c = 0; c < 2 + draw(8); c++) printf "%c", 97 + draw(26)
                printf " "
            }
            print ") show"
        }
        print "showpage"
    }
}
function draw(bound) {
    seed = (seed * 69069 + 1) % 4294967296
    return int(seed / 65536) % bound
}'
