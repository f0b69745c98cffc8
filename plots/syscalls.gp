# gnuplot -c syscalls.gp TABLES STEM FOOTER: writes STEM.svg and STEM.png.
folder = ARG0[1:strlen(ARG0) - strlen("syscalls.gp")]
tables = ARG1; stem = ARG2; footer = ARG3
load folder."tables.gp"
load folder."style.gp"

panels = workloads
cells = workloads * allocators
array value[cells]
array low[cells]
array high[cells]
array note[cells]
array panel[workloads]
stack_parts = 5
array stack_share[cells * stack_parts]
array stack_ink[stack_parts] = [0x2B2B2B, 0x4477AA, 0xA6CBE8, 0xE69A5A, 0xFFF1C4]
stack_names = "brk mmap munmap mremap madvise"
do for [c=1:cells] { value[c] = NaN; low[c] = NaN; high[c] = NaN; note[c] = note_of[c] }
do for [c=1:cells*stack_parts] { stack_share[c] = 0 }
do for [w=1:workloads] { panel[w] = workload[w] }
# The heads are a row of text in front of the first block: no number, no cell.
put_part(w, a, k, calls) = present(a) ? (stack_share[int(w * allocators + a) * stack_parts + k] = calls, 0) : 0
put(w, a, calls) = present(a) ? (value[int(w * allocators + a) + 1] = calls, 0) : 0
set table $nowhere
do for [w=0:workloads-1] {
    do for [k=1:stack_parts] {
        plot tables."/syscalls.tsv" index w using (put_part($3, $4, k, column(4 + k))) with table
    }
    plot tables."/syscalls.tsv" index w using (put($3, $4, $10)) with table
}
unset table
do for [c=1:cells] {
    do for [k=1:stack_parts] {
        i = (c - 1) * stack_parts + k
        stack_share[i] = present(value[c]) && value[c] > 0 ? stack_share[i] / value[c] : 0
    }
}
matrix_kind = "stack"; matrix_ratio = 0
text_of(x) = count_text(x)
tick_text(x) = x < 1000 ? sprintf("%g", x) : x < 1e6 ? sprintf("%gk", x / 1e3) : sprintf("%gM", x / 1e6)
chart_title = "System calls for memory — left is fewer"
chart_subtitle = "Bar and figure: all calls of a trial. Bands: each call's share of the bar."
axis_title = "calls of brk, mmap, munmap, mremap and madvise, counted in a pass of its own"
do for [format in "svg png"] { load folder."matrix.gp" }
