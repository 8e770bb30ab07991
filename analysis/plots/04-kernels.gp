# query: kernel=each over=kernel,kv_heads by=attention rows=kernel x=time_ns also=floor_ns log=x series=3
# title: Kernels side by side
# caption: One panel an attention kind, fastest kernel first.
# SPDX-License-Identifier: Apache-2.0
panels = series
row_px = 28
each_px = row_px * rows + 66
tall = narrow ? panels * each_px + 34 : each_px + 34
names_px = edge_px + 20 + 7.2 * names_longest
gap_px = 28
panel_px = narrow ? across - names_px - 12 : (across - names_px - edge_px - gap_px * (panels - 1)) / panels
words_px = narrow ? 104 : 96
eval(canvas)
x_end = x_to * (x_to / x_from) ** (words_px / (panel_px - words_px))
set yrange [rows - 0.5:-0.5]
set logscale x 10
set xrange [x_from:x_end]
set border 1
unset grid
unset ytics
eval('set xtics '.x_few)
set label 4 x_title at screen sx(names_px), screen sy(14) left tc rgb 0x57606a
set multiplot
do for [p = 1:panels] {
  if (p > 1) { unset label 1; unset label 2; unset label 4 }
  from_px = narrow ? names_px : names_px + (p - 1) * (panel_px + gap_px)
  ceil_px = tall - 30 - (narrow ? (p - 1) * each_px : 0)
  set lmargin at screen sx(from_px); set rmargin at screen sx(from_px + panel_px)
  set tmargin at screen sy(ceil_px); set bmargin at screen sy(ceil_px - row_px * rows)
  set label 5 '{/:Bold '.name[p].'}' at graph 0, graph 1 offset 0, character 0.9 left tc rgb ink[p]
  do for [r = 1:rows] {
    words = narrow || p == 1 ? row[r] : ''
    set label 300 + r words at graph 0, first r - 1 offset character -1, 0 right tc rgb 0x1f2328
  }
  plot for [r = 1:rows] '+' using (x_from):(r - 1):(x_end - x_from):(0) every ::0::0 with vectors nohead lw 1 lc rgb 0xe6e8eb, \
    data index p - 1 using FLOOR_NS:(column(ROW) - 0.32):(0):(0.64) with vectors nohead lw 2 lc rgb 0x1f2328, \
    data index p - 1 using X_LOW:ROW:((column(X_HIGH) < x_to ? column(X_HIGH) : x_to) - column(X_LOW)):(0) with vectors nohead lw 3 lc rgb colour[p], \
    data index p - 1 using X:ROW with points pt 7 ps 0.9 lc rgb colour[p], \
    data index p - 1 using (column(X_HIGH) < x_to ? column(X_HIGH) : x_to):ROW:(stringcolumn(X_TEXT).(column(CEILING_FRACTION) > 0 ? '  '.stringcolumn(SHARE_TEXT) : '')) with labels noenhanced left offset character 1, 0 font ',12' tc rgb 0x57606a
}
unset multiplot
