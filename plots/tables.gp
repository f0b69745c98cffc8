# Reads what all charts need: allocators, allocator[], reference_name, geomean[], geomean_low[],
# geomean_high[]; workloads, workload[], is_program[], timeline[]; note_of[workload * allocators + allocator], counted from
# 1: why a trial gave no figure. Read with side effects of a plot into a table nobody looks at,
# so that every text comes in as a string and none is ever evaluated.

set encoding utf8
set datafile separator "\t"
set datafile commentschars ""

reference_name = "the reference"
allocators = 0; workloads = 0
set table $nowhere
plot tables."/allocators.tsv" skip 1 using (allocators = allocators + 1) with table
plot tables."/workloads.tsv" skip 1 using (workloads = workloads + 1) with table
array allocator[allocators]
array geomean[allocators]
array geomean_low[allocators]
array geomean_high[allocators]
array workload[workloads]
array timeline[workloads]
array is_program[workloads]
array note_of[workloads * allocators]
do for [c=1:workloads*allocators] { note_of[c] = "n/a" }
keep(i, name, value, low, high) = (allocator[i] = name, geomean[i] = value, geomean_low[i] = low, geomean_high[i] = high, 0)
name_reference(yes, name) = yes ? (reference_name = name, 0) : 0
plot tables."/allocators.tsv" skip 1 using (keep(int($1) + 1, strcol(2), $4, $5, $6)) with table
plot tables."/allocators.tsv" skip 1 using (name_reference(int($3), strcol(2))) with table
plot tables."/workloads.tsv" skip 1 using (workload[int($1) + 1] = strcol(2), is_program[int($1) + 1] = strcol(3) eq "program", timeline[int($1) + 1] = strcol(4), 0) with table
plot tables."/notes.tsv" skip 1 using (note_of[int($1) * allocators + int($2) + 1] = strcol(3), 0) with table
unset table
