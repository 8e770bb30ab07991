# query: from=steps kernel=best over=kv_heads x=kv_heads y=relative log=xy need=4 only=form:t5,heads:64,dim:64
# title: Decoder step against KV heads, beside the GQA paper
# caption: Dashed: seconds a sample of GQA T5-XXL with 2048 tokens in and 512 out (Ainslie et al. 2023, figure 6, read off the picture). Both relative to one KV head. Beside each dot what this machine takes for such a sample: 512 steps like this one, in the middle of the output, over the batch.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 500
right_px = narrow ? 16 : 30
top_px = narrow ? 118 : 74
eval(canvas)
eval(axes)
do for [i = 1:series] { if (name[i] eq '') { name[i] = 'this machine, decoder step' } }
set label 3 'time, relative to the first point'
eval(legend)
do for [i = 1:papers] {
  wide_i = 44 + 7.2 * strlen(paper_name[i])
  if (pen + wide_i > across) { pen = edge_px; line = line + 1 }
  at_px = title_px + 38 + 18 * line
  set label 300 + 2 * i '○' at screen sx(pen), screen 1 - sy(at_px) left tc rgb 0x57606a
  set label 301 + 2 * i paper_name[i] at screen sx(pen + 14), screen 1 - sy(at_px) left tc rgb 0x57606a
  pen = pen + wide_i
}
plot for [i = 1:papers] '$paper_'.i using 1:2 with lines lw 2 dt (4 + 4 * (i % 2), 2 + 2 * i) lc rgb 0x57606a, \
     for [i = 1:papers] '$paper_'.i using 1:2 with points pt 6 ps 0.8 lc rgb 0x57606a, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y:(sprintf('%.3g s', 512e-9 * column(TIME_NS) / column(BATCH))) with labels center offset character 0, 1 tc rgb 0x1f2328
