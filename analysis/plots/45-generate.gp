# query: from=runs kernel=best over=context,layout,window by=layout x=longest y=tpot_p50_ns also=tpot_p99_ns log=xy need=2
# title: Time per output token while the cache grows
# caption: One line a layout of the cache, one point a run that generated up to that many tokens; the band reaches up to the 99th percentile.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
if (narrow) { right_px = 16; top_px = 74 + 18 * (series - 1) }
eval(canvas)
eval(axes)
if (narrow) { eval(legend) } else { eval(right_labels) }
plot for [i = 1:series] data index i - 1 using X:TPOT_P50_NS:TPOT_P99_NS with filledcurves fs transparent solid 0.2 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i]
