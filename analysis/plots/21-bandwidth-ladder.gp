# query: from=machine over=threads by=label x=threads y=bytes_per_second log=xy
# title: How fast each level of cache is read
# caption: One line a level, all threads reading data of their own.
# SPDX-License-Identifier: Apache-2.0
left_px = edge_px + 78
eval(canvas)
eval(axes)
eval(right_labels)
plot for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i]
