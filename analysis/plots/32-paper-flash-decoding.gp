# query: kernel=best over=batch,context x=context y=relative log=xy need=3 same=kv_bytes only=heads:16,kv_heads:2,dim:128
# title: The same bytes in ever fewer sequences, beside Flash-Decoding
# caption: Batch times context is 65536 everywhere. Dashed: the table of the Flash-Decoding blog on an A100 (2023). Each relative to its own time at 256 tokens.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 500
right_px = narrow ? 16 : 30
top_px = narrow ? 118 : 74
eval(canvas)
eval(axes)
do for [i = 1:series] { if (name[i] eq '') { name[i] = 'this machine, one layer' } }
set label 3 'time, relative to the first point'
eval(legend)
do for [i = 1:papers] {
  wide_i = 44 + 7.2 * strlen(paper_name[i])
  if (pen + wide_i > across) { pen = edge_px; line = line + 1 }
  at_px = title_px + 38 + 18 * line
  glyph = i == 1 ? '○' : i == 2 ? '□' : '△'
  set label 300 + 2 * i glyph at screen sx(pen), screen 1 - sy(at_px) left tc rgb 0x57606a
  set label 301 + 2 * i paper_name[i] at screen sx(pen + 14), screen 1 - sy(at_px) left tc rgb 0x57606a
  pen = pen + wide_i
}
plot for [i = 1:papers] '$paper_'.i using 1:2 with lines lw 2 dt (4 + 4 * (i % 2), 2 + 2 * i) lc rgb 0x57606a, \
     for [i = 1:papers] '$paper_'.i using 1:2 with points pt (i == 1 ? 6 : i == 2 ? 4 : 8) ps 0.8 lc rgb 0x57606a, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i]
