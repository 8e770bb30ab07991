# query: from=steps kernel=best over=design same=kv_bytes rows=design by=attention x=tokens_per_second need=3 only=model
# title: Same KV budget, different model
# caption: Whole models whose caches take equally many bytes, whether by fewer heads, narrower ones or layers that read the cache of another. Beside each bar its tokens a second, what of a step is attention, and the size of the cache.
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
plot for [i = 1:series] data index i - 1 using (column(X) / 2):(column(ROW) + low):(column(X) / 2):(thick) with boxxyerror fc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:(column(ROW) + low):(stringcolumn(X_TEXT).(column(ATTENTION_FRACTION) >= 0 ? sprintf(', %.0f %% attention', 100 * column(ATTENTION_FRACTION)) : '').'   '.stringcolumn(KV_TEXT)) with labels noenhanced left offset character 1, 0 font ',12' tc rgb 0x57606a
