# query: kernel=best over=context,layout,window,chunk by=layout x=context y=time_ns log=xy need=2 some=reach only=decode
# title: Time of one call where queries do not see all of the cache
# caption: One line a layout of the cache and what is seen of it. A ring keeps no more than its window, the same window of a whole cache passes over the rest; within chunks a token sees its own chunk only, so the time falls where a new one begins.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
right_px = narrow ? 16 : 176
if (narrow) { top_px = 74 + 18 * (series - 1) }
eval(canvas)
eval(axes)
if (narrow) { eval(legend) } else { eval(right_labels) }
plot for [i = 1:series] data index i - 1 using X:Y_LOW:Y_HIGH with filledcurves fs transparent solid 0.18 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i]
