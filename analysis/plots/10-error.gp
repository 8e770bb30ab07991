# query: kernel=each over=kernel,kv,layout,window,heads,kv_heads,dim,context,batch,q_len,threads,cache by=kernel rows=kernel x=error_used log=x series=16
# title: Largest error against its bound
# caption: Each dot is a case: its largest difference from a double-precision oracle, as a share of what rounding may cost. Left of the line it is within the bound.
# SPDX-License-Identifier: Apache-2.0
tall = 30 * rows + 76
left_px = edge_px + 20 + 7.2 * names_longest
right_px = 28
top_px = 22
eval(canvas)
set border 1
set yrange [rows - 0.5:-0.5]
set logscale x 10
if (x_to < 1.6) { x_to = 1.6 }
set xrange [x_from:x_to]
set xtics ('0.01 %%' 0.0001, '0.1 %%' 0.001, '1 %%' 0.01, '10 %%' 0.1, '100 %%' 1)
unset ytics
set label 4 x_title at graph 0.5, screen sy(14) center tc rgb 0x57606a
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb 0x1f2328
do for [r = 1:rows] { set label 300 + r row[r] at graph 0, first r - 1 offset character -1, 0 right tc rgb 0x1f2328 }
plot for [i = 1:series] data index i - 1 using X:ROW:(shade(0x0072b2, column(CASES), 160)) with points pt 7 ps 0.8 lc rgb variable
