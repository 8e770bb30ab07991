# query: kernel=best over=kv_heads,batch by=attention x=batch y=items_per_second also=floor_rate log=xy need=3 least=2
# title: Tokens a second against batch
# caption: One line an attention kind. A flat line means that a larger batch only queues; rising with the batch means that calls share work. Thin lines: what the machine's ceilings allow.
# SPDX-License-Identifier: Apache-2.0
eval(canvas)
eval(axes)
eval(right_labels)
plot for [i = 1:series] data index i - 1 using X:FLOOR_RATE with lines lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i]
