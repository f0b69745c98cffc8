# What every chart shares: fonts, inks, the look of each allocator, and how figures are written.
#
# Takes `allocators`, `allocator[]` (from tables.gp). Gives ink[], mark[] by allocator number.
# A name is only ever data here: it is compared and shown, never evaluated, and every label is
# drawn `noenhanced`.

set encoding utf8
set datafile separator "\t"
set datafile commentschars ""

png_font = "DejaVu Sans"
svg_font = "sans-serif" # one name: the svg terminal ends a font name at its first comma

ink_text  = 0x222222
ink_soft  = 0x5A5A5A
ink_faint = 0xC8C8C8
ink_band  = 0xF3F3F1
ink_live  = 0xC4C4C4
ink_alarm = 0x8A1C1C

# Okabe and Ito's colours first (jfly.uni-koeln.de/color), then darker kin of them and of Tol's
# muted set, so that neighbours differ in lightness too. Every name also has a mark of its own.
known = "glibc jemalloc mimalloc tcmalloc tbbmalloc scudo bump freelist-first freelist-next freelist-best freelist-worst brkmap"
array known_ink[12]  = [0x000000, 0xD55E00, 0x0072B2, 0x009E73, 0xCC79A7, 0x56B4E9, 0x8C8C8C, \
                        0xE69F00, 0xC9B800, 0x8B5E00, 0x5E3C99, 0x882255]
array known_mark[12] = [7, 5, 9, 11, 13, 15, 3, 4, 6, 8, 10, 12]
array spare_ink[8]   = [0x44AA99, 0xAA4499, 0x999933, 0x661100, 0x6699CC, 0x117733, 0xB59B2C, 0xEE6677]
array spare_mark[8]  = [14, 12, 2, 1, 14, 12, 2, 1]

word_index(list, name) = sum [i=1:words(list)] (word(list, i) eq name ? i : 0)
# A name that is not in the table gets the spare its letters point at, so that it looks the same
# in every run; only when that one is taken does it move on to the next.
letters = " -.0123456789=_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+:/"
letter(c) = strstrt(letters, c)
spare_of(name) = (h = 7, sum [i=1:strlen(name)] (h = (h * 31 + letter(substr(name, i, i))) % 9973, 0), h % 8)

# An allocator with settings, "jemalloc:dirty_decay_ms=0", is of the family jemalloc: it has that
# colour and mark, the lighter the later it stands among its family.
family(name) = (colon = strstrt(name, ":"), colon > 1 ? substr(name, 1, colon - 1) : name)
lighter(c, s) = (r = (c >> 16) & 255, g = (c >> 8) & 255, b = c & 255, \
    (int(r + (255 - r) * s) << 16) + (int(g + (255 - g) * s) << 8) + int(b + (255 - b) * s))

array ink[allocators + 1]
array mark[allocators + 1]
array family_ink[allocators + 1]
array family_place[allocators + 1] # 0: the first of its family
array family_count[allocators + 1]
array spare_taken[8]
do for [i=1:8] { spare_taken[i] = 0 }
do for [a=1:allocators] {
    kin = family(allocator[a])
    elder = 0; family_place[a] = 0; family_count[a] = 0
    do for [b=1:allocators] {
        if (family(allocator[b]) eq kin) {
            family_count[a] = family_count[a] + 1
            if (b < a) { elder = elder ? elder : b; family_place[a] = family_place[a] + 1 }
        }
    }
    k = words(kin) == 1 ? word_index(known, kin) : 0
    if (elder) {
        family_ink[a] = family_ink[elder]; mark[a] = mark[elder]
    } else { if (k) {
        family_ink[a] = known_ink[k]; mark[a] = known_mark[k]
    } else {
        s = spare_of(kin)
        do for [i=1:7] { if (spare_taken[s + 1] && i < 8) { s = (s + 1) % 8 } }
        spare_taken[s + 1] = 1
        family_ink[a] = spare_ink[s + 1]; mark[a] = spare_mark[s + 1]
    } }
    ink[a] = family_place[a] ? lighter(family_ink[a], 0.66 * family_place[a] / (family_count[a] - 1.0)) : family_ink[a]
}

# ---- figures as text: three significant digits ----------------------------------------------
three(x) = abs(x) < 0.0995 ? sprintf("%.3f", x) : abs(x) < 9.995 ? sprintf("%.2f", x) \
         : abs(x) < 99.95 ? sprintf("%.1f", x) : sprintf("%.0f", x)
ratio_text(x) = three(x) . "×"
mib_text(x) = x < 0.9995 ? sprintf("%.0f KiB", x * 1024) : x < 1000 ? three(x) . " MiB" : three(x / 1024) . " GiB"
count_text(x) = x < 999.5 ? sprintf("%.0f", x) : x < 999500 ? three(x / 1e3) . "k" : three(x / 1e6) . "M"

present(x) = x == x
least(x, y) = x < y ? x : y
most(x, y) = x > y ? x : y
cut(text, most) = strlen(text) > most ? substr(text, 1, most - 1) . "…" : text

# ---- settings of one allocator ----------------------------------------------------------------
# What differs in the values of the same options is a series. Its members but the first can be
# told by what differs, as far as that is before or behind the first comma.
array series[most(1, allocators)]
array elder[most(1, allocators)]
array series_count[most(1, allocators)]
do for [a=1:allocators] {
    key = ""; skip = 0
    do for [i=1:strlen(allocator[a])] {
        c = substr(allocator[a], i, i)
        skip = c eq "," ? 0 : skip
        key = skip ? key : key.c
        skip = c eq "=" ? 1 : skip
    }
    series[a] = key; elder[a] = a
    do for [b=a:1:-1] { if (series[b] eq key) { elder[a] = b } }
}
do for [a=1:allocators] { series_count[a] = sum [b=1:allocators] (elder[b] == elder[a]) }
bare(name) = substr(name, strstrt(name, ":") + 1, strlen(name))
comma(name) = (at = strstrt(name, ","), at ? at : strlen(name) + 1)
front(name) = substr(name, 1, comma(name) - 1)
behind(name) = substr(name, comma(name) + 1, strlen(name))
differing(name, other) = behind(name) eq behind(other) ? front(name) : front(name) eq front(other) ? behind(name) : name
brief(a) = differing(bare(allocator[a]), bare(allocator[elder[a]]))
# A name in so many characters; what tells it from its series is the last to go.
short_name(a, most) = elder[a] == a || strlen(allocator[a]) <= most ? cut(allocator[a], most) : cut("…".brief(a), most)
