# query: from=steps kernel=best over=kv_heads,context by=context x=kv_heads y=speedup also=attention_speedup,ideal_speedup log=xy flip=x need=2 series=3
# title: Speed-up of the whole step over MHA, beside that of its attention
# caption: Lines with dots: the whole step, projections, FFN and logits included. Dashes of the same colour: the part of it that is attention. Grey: KV bytes saved.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
eval(axes)
set logscale y 2
set xrange [x_to:x_from]
eval('set xtics '.x_tics)
eval(right_labels)
set label 21 'KV bytes saved' at last_x[series], x_high / x_low offset character 1, 0 left tc rgb 0x6e7781
plot data index series - 1 using X:IDEAL_SPEEDUP with lines lw 1.5 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:ATTENTION_SPEEDUP with linespoints pt 6 ps 0.6 lw 1.5 dt (4, 3) lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i]
