# gnuplot -c requests.gp TABLES STEM FOOTER WORKLOAD: writes STEM.svg and STEM.png for the workload of
# that index (from 0): how long requests took, by percentile; where they were due at times, from then
# and from their start.
folder = ARG0[1:strlen(ARG0) - strlen("requests.gp")]
tables = ARG1; stem = ARG2; footer = ARG3; w = int(ARG4) + 1
listing = "/requests.tsv"; title_text = "Time of requests"; one_text = "request"
load folder."latency_chart.gp"
