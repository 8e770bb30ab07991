# query: from=runs kernel=best over=context,layout,window by=layout x=longest y=tokens_per_second log=xy need=2
# title: Tokens a second of whole runs against their length
# caption: One line a layout of the cache, one point a run that generated up to that many tokens; its prompt counts as time and not as tokens.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
if (narrow) { right_px = 16; top_px = 74 + 18 * (series - 1) }
eval(canvas)
eval(axes)
if (narrow) { eval(legend) } else { eval(right_labels) }
plot for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i]
