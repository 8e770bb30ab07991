# query: kernel=best over=kv by=kv x=kv_bytes y=items_per_second z=loss also=floor_rate log=xy need=2
# title: Types of the cache: size, speed and error
# caption: One point a type of the KV cache, everything else alike: left is smaller, up is faster. The stair joins the types that none other beats in both; what lies under it has only its error to offer. Triangles are what the machine's ceilings allow. The error is the largest one against a double-precision oracle that saw the cache before it was narrowed, or where that was not measured, after it.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 480
right_px = narrow ? 106 : 160
eval(canvas)
eval(axes)
set bars 1
set style textbox opaque noborder fillcolor rgb 0xffffff margins 0.4, 0.1
beaten(x, y) = (sum [j = 1:series] ((last_x[j] <= x && last_y[j] >= y && (last_x[j] < x || last_y[j] > y)) ? 1 : 0)) > 0
do for [i = 1:series] { set label 100 + i name[i].(narrow ? '  ' : ', error ').z_text[i] at first last_x[i], graph label_at(i) offset character 1.2, 0 left front boxed tc rgb ink[i] }
plot sample [i = 1:series:1] '+' using (last_x[int(i)]):(beaten(last_x[int(i)], last_y[int(i)]) ? NaN : last_y[int(i)]) smooth unique with steps lw 1.5 lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1.5 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps 1.1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:FLOOR_RATE with points pt 9 ps 0.8 lc rgb 0x1f2328
