# query: kernel=best over=kv_heads,context by=attention x=context y=p50_ns also=p90_ns,p99_ns log=xy z=p99_ns need=2 series=3
# title: Single calls: median, 90th and 99th percentile
# caption: Lines are the median of single calls, the darker band reaches up to the 90th, the lighter one to the 99th percentile. Who serves people waits for the slow calls, not for the median.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
eval(axes)
eval(right_labels)
plot for [i = 1:series] data index i - 1 using X:P50_NS:P99_NS with filledcurves fs transparent solid 0.16 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:P50_NS:P90_NS with filledcurves fs transparent solid 0.28 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i]
