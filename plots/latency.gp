# gnuplot -c latency.gp TABLES STEM FOOTER WORKLOAD: writes STEM.svg and STEM.png for the workload of
# that index (from 0): how long single calls took, by percentile, a panel a kind of call.
folder = ARG0[1:strlen(ARG0) - strlen("latency.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; w = int(ARG4) + 1
listing = "/latencies.tsv"; title_text = "Time of single calls"; one_text = "call"
load folder."latency_chart.gp"
