# Reads the wide table `wide_file` (a row a workload, three columns an allocator) into value[],
# low[], high[] by workload * allocators + allocator; note[] says why there is no value. The
# arrays have room for one more column of panels.

cells = (workloads + 1) * allocators
array value[cells]
array low[cells]
array high[cells]
array note[cells]
array panel[workloads + 1]
do for [c=1:cells] { value[c] = NaN; low[c] = NaN; high[c] = NaN; note[c] = "n/a" }
do for [c=1:workloads*allocators] { note[c] = note_of[c] }
do for [w=1:workloads] { panel[w] = workload[w] }
panels = workloads
put(c, x, from, to) = (value[c] = x, low[c] = from, high[c] = to, 0)
set table $nowhere
do for [a=1:allocators] {
    plot tables.wide_file skip 1 using (put(int($0) * allocators + a, column(3 * a - 1), column(3 * a), column(3 * a + 1))) with table
}
unset table
