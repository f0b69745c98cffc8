# Picks the ticks of one axis. Takes tick_lo, tick_hi, tick_log (0 or 1), tick_most.
# Gives ticks: an array tick[1..ticks] of round figures within [lo, hi].

array tick[40]
ticks = 0
tick_round = 0
if (tick_log && tick_hi / real(tick_lo) >= 4) {
    # Many steps a decade, then 1-2-5, then 1-3, then powers of ten, then every second, third ...
    # power: the first that is not too many.
    do for [series=0:8] {
        if (series == 0 || ticks > tick_most) {
            ticks = 0
            do for [p=floor(log10(tick_lo))-1:ceil(log10(tick_hi))] {
                do for [m in (series == 0 ? "1 1.2 1.5 2 3 4 5 7" : series == 1 ? "1 2 5" : series == 2 ? "1 3" : "1")] {
                    t = 10.0 ** p * real(m)
                    if (t >= tick_lo * 0.999 && t <= tick_hi * 1.001 && ticks < 39 && (series < 4 || p % (series - 2) == 0)) {
                        ticks = ticks + 1; tick[ticks] = t
                    }
                }
            }
        }
    }
} else {
    tick_step = 10.0 ** floor(log10((tick_hi - tick_lo) / real(tick_most)))
    do for [m in "2 2.5 2"] {
        if (floor(tick_hi / tick_step * 1.000001) - ceil(tick_lo / tick_step * 0.999999) + 1 > tick_most) {
            tick_step = tick_step * (m eq "2.5" ? 2.5 : 2)
        }
    }
    do for [i=ceil(tick_lo / tick_step * 0.999999):floor(tick_hi / tick_step * 1.000001)] {
        if (ticks < 39) { ticks = ticks + 1; tick[ticks] = i * tick_step }
    }
}
