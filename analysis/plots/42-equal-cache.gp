# query: kernel=best over=design same=kv_bytes rows=design by=attention x=items_per_second also=floor_rate need=3
# title: Same KV budget, different design
# caption: Designs whose layers keep equally many bytes of cache for as many tokens. What differs is how much is computed on them and how it is laid out. Beside each bar its share of the machine's ceiling (black tick) and the size of the cache.
# SPDX-License-Identifier: Apache-2.0
side = narrow ? 'left' : 'right'
tall = (narrow ? 46 : 34) * rows + 66
left_px = narrow ? 2 : edge_px + 20 + 7 * names_longest
right_px = narrow ? 2 : 24
top_px = 12
low = narrow ? 0.18 : 0
thick = narrow ? 0.15 : 0.28
eval(canvas)
set border 0
unset grid
set yrange [rows - 0.5:-0.5]
set xrange [0:x_to * (narrow ? 2.1 : 1.45)]
eval('set xtics '.(narrow ? x_few : x_tics))
unset ytics
set label 4 x_title at graph 0, screen sy(14) left tc rgb 0x57606a
do for [r = 1:rows] {
  set label 300 + r row[r] at graph 0, first r - 1 - (narrow ? 0.22 : 0) offset character (narrow ? 0 : -1), 0 @side tc rgb 0x1f2328
}
further(bar, tick) = tick > bar ? tick : bar
plot for [i = 1:series] data index i - 1 using (column(X) / 2):(column(ROW) + low):(column(X) / 2):(thick) with boxxyerror fc rgb colour[i], \
     for [i = 1:series] data index i - 1 using FLOOR_RATE:(column(ROW) + low - thick - 0.04):(0):(2 * thick + 0.08) with vectors nohead lw 2 lc rgb 0x1f2328, \
     for [i = 1:series] data index i - 1 using (further(column(X), column(FLOOR_RATE))):(column(ROW) + low):(stringcolumn(X_TEXT).(column(CEILING_FRACTION) > 0 ? ', '.stringcolumn(SHARE_TEXT) : '').'   '.stringcolumn(KV_TEXT)) with labels noenhanced left offset character 1, 0 font ',12' tc rgb 0x57606a
