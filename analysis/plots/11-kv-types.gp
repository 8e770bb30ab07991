# query: kernel=best over=kv by=kv x=kv_bytes y=items_per_second z=loss also=floor_rate log=x need=2
# title: Types of the cache: size, speed and error
# caption: One point a type of the KV cache, everything else alike: left is smaller, up is faster, so what lies below and to the right of another type is beaten by it unless its error is smaller. The error is the largest one against a double-precision oracle that saw the cache before it was narrowed, or where that was not measured, after it.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 460
right_px = narrow ? 90 : 190
eval(canvas)
eval(axes)
set bars 1
plot for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1.5 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps 1.1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:FLOOR_RATE with points pt 9 ps 0.8 lc rgb 0x1f2328, \
     for [i = 1:series] data index i - 1 using X:Y:(name[i].(narrow ? "" : ', error ').(narrow ? "\n" : '').stringcolumn(Z_TEXT)) with labels left offset character 1.2, (i % 2 ? 0.6 : -0.6) tc rgb ink[i]
