# What the charts of a trace share: style.gp for no allocators, titles, and a page of panels that
# stand one above the other. Takes folder, footer. Gives the inks, and read_most(file, block).

allocators = 0
array allocator[1]
load folder."style.gp"
cut_remark = ""
ink_bar = 0x0072B2
bytes_text(x) = x < 1024 ? sprintf("%.0f B", x) : x < 1048576 ? sprintf("%g KiB", x / 1024.0) \
              : x < 1073741824 ? sprintf("%g MiB", x / 1048576.0) : sprintf("%g GiB", x / 1073741824.0)
time_text(x) = x < 1e-6 ? sprintf("%.0f ns", x * 1e9) : x < 1e-3 ? sprintf("%.3g µs", x * 1e6) \
             : x < 1 ? sprintf("%.3g ms", x * 1e3) : sprintf("%.3g s", x)
number_text(x) = x < 1e3 ? sprintf("%.0f", x) : x < 1e6 ? sprintf("%.3gk", x / 1e3) \
               : x < 1e9 ? sprintf("%.3gM", x / 1e6) : sprintf("%.3gG", x / 1e9)
share_text(x) = x <= 0 ? "" : x < 0.0005 ? "<0.1 %" : x < 0.0995 ? sprintf("%.1f %%", 100 * x) : sprintf("%.0f %%", 100 * x)
chart_width = 900
