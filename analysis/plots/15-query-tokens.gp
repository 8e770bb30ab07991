# query: kernel=best over=q_len,kv_heads by=attention x=q_len y=token_ns log=xy need=2 only=decode
# title: Time of one query token against how many pass at once
# caption: Drafts are verified so: the cache is read once for all of them. One line an attention kind; a line that falls by half with every doubling says that further tokens cost nothing, a flat one that each costs as much as the first. What of it is gained is the share of drafts that a model accepts.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 480
eval(canvas)
eval(axes)
eval(right_labels)
plot for [i = 1:series] data index i - 1 using X:Y_LOW:Y_HIGH with filledcurves fs transparent solid 0.18 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i]
