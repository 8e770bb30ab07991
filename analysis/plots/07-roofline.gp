# query: kernel=each over=kernel,kv,heads,kv_heads,dim,context,batch,q_len,layout,window,threads by=kernel x=intensity y=flops_per_second log=xy roofs=yes rest=others
# title: Every case under the machine's roofs
# caption: Operations a second over operations a byte.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 440 : 560
left_px = edge_px + (narrow ? 82 : 92)
right_px = narrow ? 16 : 30
top_px = narrow ? 96 : 70
x_title = 'operations a byte (FLOP/byte)'
ridge = roof_fma > 0 && roof_read > 0 ? roof_fma / roof_read : 0
eval(canvas)
eval(axes)
eval(legend)
roof(x) = ridge == 0 ? NaN : x < ridge ? x * roof_read : roof_fma
set samples 400
if (ridge > 0) {
  set label 21 'arithmetic' at graph 0.99, first roof_fma offset 0, character 0.7 right tc rgb 0x1f2328
  if (ridge / 3 > x_from) { set label 22 'reading' at ridge / 3, ridge / 3 * roof_read offset character -0.8, 0.6 right tc rgb 0x1f2328 }
}
plot for [i = 1:series] data index i - 1 using X:Y:(shade(colour[i], column(CASES), 96)) with points pt 7 ps 0.6 lc rgb variable, \
     roof(x) with lines lw 2 lc rgb 0x1f2328
