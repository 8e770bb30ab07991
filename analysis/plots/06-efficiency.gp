# query: kernel=best over=kv_heads,context x=context y=kv_heads z=efficiency need=2
# title: Share of the possible speed-up that is reached
# caption: Measured speed-up over MHA divided by the floor's own.
# SPDX-License-Identifier: Apache-2.0
tall = 36 * y_ranks + 98
right_px = narrow ? 12 : 24
eval(canvas)
unset grid
set border 0
set label 3 y_title at screen sx(edge_px), screen 1 - sy(title_px + 16) left tc rgb 0x57606a
set label 4 x_title at graph 0.5, screen sy(14) center tc rgb 0x57606a
set xrange [-0.5:x_ranks - 0.5]
set yrange [-0.5:y_ranks - 0.5]
set tics scale 0
eval('set xtics '.x_rank_tics)
eval('set ytics '.y_rank_tics)
# Light enough for dark figures on all of it.
set palette defined (0 '#f7fbff', 0.35 '#deebf7', 0.6 '#c6dbef', 0.8 '#9ecae1', 1 '#4a98c9')
cell_font = narrow ? "',11'" : "',13'"
set cbrange [0:1]
unset colorbox
plot data using X_RANK:Y_RANK:(column(X_RANK) - 0.485):(column(X_RANK) + 0.485):(column(Y_RANK) - 0.47):(column(Y_RANK) + 0.47):(column(Z) > 1 ? 1 : column(Z)) with boxxyerror fs solid 1 fc palette, \
     data using X_RANK:Y_RANK:(stringcolumn(Z_TEXT)) with labels noenhanced font @cell_font tc rgb 0x1f2328
