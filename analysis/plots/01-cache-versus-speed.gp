# query: kernel=best over=kv_heads,context by=attention x=kv_bytes y=items_per_second also=floor_rate log=xy
# title: KV-cache size against decoding speed, one layer
# caption: One line an attention kind, one point a context.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 540
right_px = narrow ? 24 : 30
if (narrow) { top_px = series > 4 ? 92 : 74 }
y_from = y_from / 2
eval(canvas)
set style textbox opaque noborder fillcolor rgb 0xffffff margins 0.5, 0.2
eval(axes)
array cache_bytes[2] = [l2_bytes, l3_bytes]
array cache_name[2] = ['L2', 'L3']
do for [i = 1:2] {
  if (cache_bytes[i] > x_from && cache_bytes[i] < x_to) {
    set arrow i from cache_bytes[i], graph 0 to cache_bytes[i], graph 1 nohead lw 1 dt (2, 4) lc rgb 0x8c959f
    set label 10 + i cache_name[i] at cache_bytes[i], graph 0 offset character 0.4, 0.7 left tc rgb 0x57606a
  }
}
# The lower ends have nothing under them: names stand there, where there is room. Of two that end
# in one place the upper has its name above.
share(a, b, from, to) = abs((log(a) - log(b)) / (log(to) - log(from)))
above(i, k) = last_y[i] > last_y[k] && share(last_x[i], last_x[k], x_from, x_to) < 0.07 \
              && share(last_y[i], last_y[k], y_from, y_to) < 0.06
if (narrow) { eval(legend) }
else {
  do for [i = 1:series] {
    side = -1
    do for [k = 1:series] { if (above(i, k)) { side = 1 } }
    set label 100 + i '{/:Bold '.name[i].'}' at last_x[i], last_y[i] offset character 0, side center front boxed tc rgb ink[i]
  }
  set label 21 'at '.context_high at last_x[series], last_y[series] offset character 0, -2.1 center tc rgb 0x57606a
}
plot for [i = 1:series] data index i - 1 using X:FLOOR_RATE with lines lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with lines lw 2.5 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps (narrow ? 0.45 : 0.6) lc rgb colour[i]
