# query: kernel=each over=splits,tile,prefetch,pages,placement rows=setting x=time_ns log=x need=2
# title: Settings side by side
# caption: One case in every way it was run, fastest first: chunks a KV head is cut into, tokens a tile, tiles ahead that memory is asked for, size of memory pages, placement of threads. Bars reach from the lower to the upper end of the interval.
# SPDX-License-Identifier: Apache-2.0
tall = 28 * rows + 76
left_px = edge_px + 20 + 7.2 * names_longest
right_px = 96
top_px = 22
eval(canvas)
set border 1
unset ytics
set logscale x 10
set xrange [x_from:x_to]
eval('set xtics '.x_few)
set yrange [rows - 0.5:-0.5]
set label 4 x_title at graph 0.5, screen sy(14) center tc rgb 0x57606a
do for [r = 1:rows] { set label 300 + r row[r] at graph 0, first r - 1 offset character -1, 0 right tc rgb 0x1f2328 }
plot data index 0 using X_LOW:ROW:(column(X_HIGH) - column(X_LOW)):(0) with vectors nohead lw 3 lc rgb colour[1], \
     data index 0 using X:ROW with points pt 7 ps 0.9 lc rgb colour[1], \
     data index 0 using X_HIGH:ROW:X_TEXT with labels left offset character 1, 0 tc rgb 0x57606a
