# query: kernel=best over=kv_heads,context by=context x=kv_heads y=speedup also=ideal_speedup,floor_speedup log=xy flip=x need=2 series=4
# title: Speed-up over MHA against the number of KV heads
# caption: Grey dashes: as many times faster as heads are saved.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
set style textbox opaque noborder fillcolor rgb 0xffffff margins 0.5, 0.2
eval(axes)
set logscale y 2
set xrange [x_to:x_from]
eval('set xtics '.x_tics)
eval(right_labels)
set label 21 'H/G, ideal' at last_x[series], x_high / x_low offset character 1, 0 left tc rgb 0x6e7781
plot data index series - 1 using X:IDEAL_SPEEDUP with lines lw 1.5 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i], \
     data index series - 1 using X:FLOOR_SPEEDUP with linespoints pt 7 ps 0.5 lw 1 dt (2, 4) lc rgb 0x1f2328, \
     data index series - 1 using (column(X_RANK) == (x_ranks > 2 ? 1 : 0) ? column(X) : NaN):FLOOR_SPEEDUP:('floor') with labels center boxed offset character 0, 0.9 tc rgb 0x1f2328
