# query: from=steps kernel=best over=kv_heads,design,kv,context,batch,q_len,phase by=attention x=memory_ratio y=memory_ratio_counted also=memory_ratio_measured log=xy need=2
# title: Memory to arithmetic, as published, counted and measured
# caption: Each dot is a step. Across: the ratio of arXiv 1911.02150, 1/d + n G/(d h) + 1/b, an order of growth without constants. Up: elements that this very step reads over its multiply-adds. A ring: elements that this machine reads in the time the step took, over the same; the further above its dot, the less of the time went into reading. On the line a figure agrees with the paper, which has no FFN and no logits, which read weights but keep their own share of arithmetic.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 520
right_px = narrow ? 16 : 30
top_px = narrow ? 92 : 70
eval(canvas)
eval(axes)
set label 3 'memory to arithmetic: dots counted, rings measured'
eval(legend)
plot x with lines lw 1.5 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:MEMORY_RATIO_MEASURED with points pt 6 ps 0.9 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps 0.9 lc rgb colour[i]
