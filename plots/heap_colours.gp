# Colours and legend of heap maps. Code 100 + s is a page whose live share is s per cent; the ramp
# is ColorBrewer's YlGnBu (Brewer 2003, safe for the colour-blind), whose lightness falls evenly;
# waste alone is red. Reads pixels of `harness/map/map_raster.h`.

array red[256]; array green[256]; array blue[256]
set_code(code, rgb) = (red[code + 1] = (rgb / 65536) % 256, green[code + 1] = (rgb / 256) % 256, blue[code + 1] = rgb % 256, 0)
do for [i=0:255] { dummy = set_code(i, 0xFFFFFF) }
array code_ink[7]
code_ink[1] = 0xFFFFFF; code_ink[2] = 0xFFFFFF; code_ink[3] = 0x8A8A84; code_ink[4] = 0xE2E2DC
code_ink[5] = 0xBDB4D6; code_ink[6] = 0x6A3D9A; code_ink[7] = 0xE31A1C
do for [i=0:6] { dummy = set_code(i, code_ink[i + 1]) }

ramp_stops = 8
array ramp[8] = [0xFFF7B2, 0xE3F4B1, 0xB5E2B6, 0x76CABD, 0x3DB2C4, 0x1E88BC, 0x225DA6, 0x14296B]
channel(rgb, shift) = (rgb / shift) % 256
mix(from, to, t, shift) = int(channel(from, shift) + (channel(to, shift) - channel(from, shift)) * t + 0.5)
between(k, t) = 65536 * mix(ramp[k], ramp[k + 1], t, 65536) + 256 * mix(ramp[k], ramp[k + 1], t, 256) + mix(ramp[k], ramp[k + 1], t, 1)
stop_of(s) = s >= 100 ? ramp_stops - 1 : int(s / 100.0 * (ramp_stops - 1)) + 1
ramp_at(s) = between(stop_of(s), s / 100.0 * (ramp_stops - 1) - stop_of(s) + 1)
do for [s=0:100] { dummy = set_code(100 + s, ramp_at(s)) }

array code_text[7]
code_text[3] = "cut out: mapped, nothing in it"
code_text[4] = "hole: mapped, not in memory"
code_text[5] = "live, but never written"
code_text[6] = "in swap"
code_text[7] = "in memory without a live byte"

array code_shown[7]
do for [i=1:7] { code_shown[i] = 0 }
show_code(code, yes) = code >= 0 && code <= 6 ? (code_shown[code + 1] = yes, 0) : 0
