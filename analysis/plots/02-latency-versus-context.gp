# query: kernel=best over=kv_heads,context by=attention x=context y=time_ns log=xy need=2
# title: Time of one call against context
# caption: One line an attention kind.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
eval(axes)
eval(right_labels)
outgrown = 0
do for [i = 1:series] { if (outgrown_x[i] > 0) { outgrown = 1 } }
if (outgrown) { set label 21 '{/*1.3 ○}  cache outgrows '.last_cache at graph 0.03, graph 0.96 left tc rgb 0x57606a }
inside(y) = y < y_from ? y_from : y > y_to ? y_to : y
plot for [i = 1:series] data index i - 1 using X:(inside(column(Y_LOW))):(inside(column(Y_HIGH))) with filledcurves fs transparent solid 0.18 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i], \
     for [i = 1:series] '+' using (outgrown_x[i]):(outgrown_y[i]) every ::0::0 with points pt 7 ps 1 lc rgb 0xffffff, \
     for [i = 1:series] '+' using (outgrown_x[i]):(outgrown_y[i]) every ::0::0 with points pt 6 ps 1 lw 1.5 lc rgb ink[i]
