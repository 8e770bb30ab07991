# query: kernel=best over=kv_heads,threads by=attention x=threads y=items_per_second log=xy need=2 least=2
# title: Tokens a second against threads
# caption: One line an attention kind, all threads at work on each call. Grey dashes rise in proportion to the threads; a kind that bends away from them has run out of memory bandwidth.
# SPDX-License-Identifier: Apache-2.0
eval(canvas)
eval(axes)
eval(right_labels)
plot for [i = 1:series] '+' using (first_x[i]):(first_y[i]):(last_x[i] - first_x[i]):(first_y[i] * (last_x[i] / first_x[i] - 1)) every ::0::0 with vectors nohead lw 1 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i]
