# query: from=steps kernel=best over=kv_heads,design,kv,context,batch,q_len,phase by=attention x=memory_ratio y=memory_ratio_counted log=xy need=2
# title: Memory to arithmetic, as published and as counted
# caption: Each dot is a step. Across: the ratio of arXiv 1911.02150, 1/d + n G/(d h) + 1/b, an order of growth without constants. Up: elements that this very step reads over its multiply-adds. On the line both agree; the paper has no FFN and no logits, which read weights but keep their own share of arithmetic.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 520
right_px = narrow ? 16 : 30
top_px = narrow ? 92 : 70
eval(canvas)
eval(axes)
eval(legend)
plot x with lines lw 1.5 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps 0.9 lc rgb colour[i]
