# query: kernel=each over=kernel,kv,heads,kv_heads,dim,context,batch,q_len,layout,window,threads by=kernel x=bytes y=sim_dram_bytes log=xy rest=others
# title: Bytes simulated against bytes the shape demands
# caption: Each dot is a case: DRAM traffic in the simulated caches of attn-bench --sim, the same on every machine, over what has to be read and written at least. On the line every byte moved once; above it some moved again, below it caches held what was meant to be cold.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 520
right_px = narrow ? 16 : 30
top_px = narrow ? 92 : 70
eval(canvas)
eval(axes)
eval(legend)
plot x with lines lw 1.5 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y:(shade(colour[i], column(CASES), 96)) with points pt 7 ps 0.6 lc rgb variable
