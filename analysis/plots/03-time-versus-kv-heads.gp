# query: kernel=best over=kv_heads,context by=context x=kv_heads y=time_ns also=floor_ns log=xy need=2 least=2 series=4
# title: Time of one call against KV heads, and the floor under it
# caption: One line a context. Dashed: its floor, the longer of reading the bytes and doing the arithmetic on this machine.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
eval(axes)
eval(right_labels)
plot for [i = 1:series] data index i - 1 using X:FLOOR_NS with lines lw 1.5 dt (6, 4) lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i]
