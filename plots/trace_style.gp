# What the charts of a trace share: style.gp for no allocators, titles, and a page of panels that
# stand one above the other. Takes folder, footer. Gives the inks, and read_most(file, block).

allocators = 0
array allocator[1]
load folder."style.gp"
cut_remark = ""
ink_bar = 0x0072B2
bytes_text(x) = x < 1024 ? sprintf("%.0f B", x) : x < 1048576 ? sprintf("%g KiB", x / 1024.0) \
              : x < 1073741824 ? sprintf("%g MiB", x / 1048576.0) : sprintf("%g GiB", x / 1073741824.0)
two(x) = x < 99.5 ? sprintf("%.2g", x) : sprintf("%.0f", x)
time_text(x) = x < 1e-6 ? sprintf("%.0f ns", x * 1e9) : x < 0.9995e-3 ? two(x * 1e6)." µs" \
             : x < 0.9995 ? two(x * 1e3)." ms" : two(x)." s"
number_text(x) = x < 1e3 ? sprintf("%.0f", x) : x < 1e6 ? two(x / 1e3)."k" \
               : x < 1e9 ? two(x / 1e6)."M" : two(x / 1e9)."G"
share_text(x) = x <= 0 ? "" : x < 0.0005 ? "<0.1 %" : x < 0.0995 ? sprintf("%.1f %%", 100 * x) : sprintf("%.0f %%", 100 * x)
chart_width = 900
