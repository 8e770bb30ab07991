# Figure "10-error". Draw it again: gnuplot -d -e "form='svg'" 10-error.gp
figure = '10-error'
data = '10-error.dat'
title_lines = 'Every result is right: the largest error is 0.34 % of its bound'
subtitle_lines = 'decode · Intel(R) Xeon(R) Processor \@ 2.80GHz, 2 CPUs, 48 MiB L3'
context_high = '32K tokens'
l2_bytes = 1310720; l3_bytes = 50331648; last_cache = 'the 48 MiB L3'
KERNEL = 1; LABEL = 2; KIND = 3; X_TEXT = 4; Y_TEXT = 5; Z_TEXT = 6; KV_TEXT = 7; SHARE_TEXT = 8
X = 9; Y = 10; Z = 11; X_LOW = 12; X_HIGH = 13; Y_LOW = 14; Y_HIGH = 15; X_RANK = 16
Y_RANK = 17; ROW = 18; SERIES = 19; 
TIME_NS = 20; LOW_NS = 21; HIGH_NS = 22; KV_BYTES = 23
BYTES = 24; FLOPS = 25; BYTES_PER_SECOND = 26; ITEMS_PER_SECOND = 27
CEILING_FRACTION = 28; READ_NS = 29; FMA_NS = 30; ERROR = 31
BOUND = 32; P50_NS = 33; P90_NS = 34; P99_NS = 35
MAX_NS = 36; DRAM_BYTES = 37; AMPLIFICATION = 38; SIM_DRAM_BYTES = 39
ATTENTION_FRACTION = 40; WEIGHT_BYTES = 41; MEMORY_RATIO = 42; MEMORY_RATIO_COUNTED = 43
PREFILL_NS = 44; TPOT_P50_NS = 45; TPOT_P99_NS = 46; QUANT_ERROR = 47
LOSS = 48; BATCH = 49; HEADS = 50; KV_HEADS = 51
GROUP = 52; DIM = 53; CONTEXT = 54; Q_LEN = 55
THREADS = 56; FLOOR_NS = 57; FLOOR_RATE = 58; FLOPS_PER_SECOND = 59
INTENSITY = 60; ERROR_USED = 61; SPEEDUP = 62; IDEAL_SPEEDUP = 63
FLOOR_SPEEDUP = 64; ATTENDING_NS = 65; ATTENTION_SPEEDUP = 66; RELATIVE = 67
EFFICIENCY = 68; CASES = 69; 
x_from = 0.0002401044834; x_to = 0.003920606946; x_low = 0.0002788559378; x_high = 0.003375776442
x_log = 1
x_title = 'largest error, share of its bound'
x_tics = "('0.05 %%' 0.0005, '0.1 %%' 0.001, '0.2 %%' 0.002)"
x_few = "('0.05 %%' 0.0005, '0.1 %%' 0.001, '0.2 %%' 0.002)"
y_from = 0; y_to = 1.08; y_low = 1; y_high = 1
y_log = 0
y_title = ''
y_tics = "('' 0)"
y_few = "('' 0)"
series = 5
array name[5]; array colour[5]; array ink[5]
array first_x[5]; array first_y[5]; array last_x[5]; array last_y[5]
name[1] = 'blas\_gemm'; colour[1] = 0x0072b2; ink[1] = 0x005a8c
first_x[1] = 0.0008252670502; last_x[1] = 0.002017898109
name[2] = 'blas\_gemv'; colour[2] = 0xd55e00; ink[2] = 0xa84a00
first_x[2] = 0.0002975186657; last_x[2] = 0.0007026599194
name[3] = 'naive.auto'; colour[3] = 0x009e73; ink[3] = 0x00704f
first_x[3] = 0.0004539258733; last_x[3] = 0.001198954183
name[4] = 'online.auto'; colour[4] = 0xcc79a7; ink[4] = 0x9c4474
first_x[4] = 0.0007711394034; last_x[4] = 0.002115290136
name[5] = 'split.avx512'; colour[5] = 0xc27c00; ink[5] = 0x8a5f00
first_x[5] = 0.0002788559378; last_x[5] = 0.003375776442
rows = 5; names_longest = 12
array row[5]
row[1] = 'blas\_gemm'
row[2] = 'online.auto'
row[3] = 'split.avx512'
row[4] = 'naive.auto'
row[5] = 'blas\_gemv'
most = 1
roof_read = 3.655157438e+10; roof_fma = 3.570465562e+11
papers = 0
x_ranks = 82; x_rank_tics = "('0.028 %' 0, '0.03 %' 1, '0.03 %' 2, '0.03 %' 3, '0.032 %' 4, '0.032 %' 5, '0.032 %' 6, '0.034 %' 7, '0.035 %' 8, '0.038 %' 9, '0.042 %' 10, '0.045 %' 11, '0.045 %' 12, '0.045 %' 13, '0.048 %' 14, '0.05 %' 15, '0.051 %' 16, '0.055 %' 17, '0.058 %' 18, '0.059 %' 19, '0.06 %' 20, '0.062 %' 21, '0.066 %' 22, '0.067 %' 23, '0.07 %' 24, '0.077 %' 25, '0.083 %' 26, '0.083 %' 27, '0.085 %' 28, '0.087 %' 29, '0.088 %' 30, '0.088 %' 31, '0.09 %' 32, '0.092 %' 33, '0.092 %' 34, '0.095 %' 35, '0.095 %' 36, '0.096 %' 37, '0.096 %' 38, '0.097 %' 39, '0.097 %' 40, '0.1 %' 41, '0.11 %' 42, '0.11 %' 43, '0.11 %' 44, '0.12 %' 45, '0.13 %' 46, '0.14 %' 47, '0.14 %' 48, '0.14 %' 49, '0.15 %' 50, '0.15 %' 51, '0.15 %' 52, '0.15 %' 53, '0.15 %' 54, '0.16 %' 55, '0.16 %' 56, '0.17 %' 57, '0.18 %' 58, '0.18 %' 59, '0.19 %' 60, '0.19 %' 61, '0.19 %' 62, '0.19 %' 63, '0.19 %' 64, '0.19 %' 65, '0.19 %' 66, '0.2 %' 67, '0.2 %' 68, '0.2 %' 69, '0.21 %' 70, '0.21 %' 71, '0.22 %' 72, '0.23 %' 73, '0.24 %' 74, '0.24 %' 75, '0.27 %' 76, '0.27 %' 77, '0.28 %' 78, '0.29 %' 79, '0.33 %' 80, '0.34 %' 81)"
y_ranks = 0; y_rank_tics = "('' 0)"
array outgrown_x[5]; array outgrown_y[5]
outgrown_x[1] = NaN; outgrown_y[1] = NaN
outgrown_x[2] = NaN; outgrown_y[2] = NaN
outgrown_x[3] = NaN; outgrown_y[3] = NaN
outgrown_x[4] = NaN; outgrown_y[4] = NaN
outgrown_x[5] = NaN; outgrown_y[5] = NaN
# SPDX-License-Identifier: Apache-2.0
#
# The look that all figures share; it stands between the variables and the figure in every script.
#
# Variables of the selection, computed by analysis/report/script.c:
#   data, series, name[], colour[], ink[]           the .dat file; one index in it a series
#   first_x[] first_y[] last_x[] last_y[]           ends of each series
#   z_text[]                                        z of the last points, in words
#   label_wide[] label_narrow[]                     heights (graph) for labels at the right end
#   outgrown_x[] outgrown_y[]                       where a KV cache outgrows the CPU's last cache
#   {x,y}_{from,to,low,high,log,title,tics,few}     axes with and without margin; tics for eval()
#   {x,y}_ranks, {x,y}_rank_tics, rows, row[]       categories
#   most                                            cases behind the fullest mark; 1: a mark is a case
#   l2_bytes l3_bytes last_cache roof_read roof_fma the machine; 0 or empty where not known
#   context_high                                    the longest context, in words
#   X Y Z ROW ... KV_BYTES ...                      columns of the .dat file
#
# A figure sets tall (and margins in pixels where the usual ones do not do), evaluates `canvas`,
# then plots. form is svg, png (with title), wide or narrow (for the page, which has the title).
if (!exists("form")) form = "svg"
narrow = (form eq "narrow")
titled = (form eq "svg" || form eq "png")
across = narrow ? 380.0 : 960.0
tall = narrow ? 340.0 : 480.0
edge_px = titled ? 24 : 1
left_px = edge_px + (narrow ? 54 : 66)
right_px = narrow ? 76 : 110
bottom_px = 58
title_px = !titled ? 0 : strstrt(title_lines, "\n") ? 104 : 78
if (titled && strstrt(subtitle_lines, "\n")) title_px = title_px + 20
top_px = 40
# Markup ends with its line.
break_at = strstrt(title_lines, "\n")
title_bold = break_at ? '{/:Bold '.title_lines[1:break_at - 1]."}\n".'{/:Bold '.title_lines[break_at + 1:*].'}' : '{/:Bold '.title_lines.'}'

set encoding utf8
set datafile separator tab
set datafile missing "NaN"
set border 3 lw 1 lc rgb 0x8c959f
set tics nomirror out scale 0.4 textcolor rgb 0x57606a
set grid ytics lt 1 lw 1 lc rgb 0xe6e8eb
unset key
set style fill solid 1 noborder
set bars 0
set errorbars lw 1
dashed = "(8,5)"

sx(px) = px / across
sy(px) = px / height

height = 1.0 * tall
canvas = "height = 1.0 * (tall + title_px); ".\
  "if (form eq 'png') { set term pngcairo size 2 * across, 2 * height enhanced font 'Inter,11' fontscale 1.75 lw 2 pointscale 2.2 background rgb 'white' } ".\
  "else { set term svg size across, height enhanced font 'sans-serif,13' lw 1 background rgb 'white' }; ".\
  "set output figure.(form eq 'svg' ? '.svg' : form eq 'png' ? '.png' : '.'.form.'.svg'); ".\
  "set lmargin at screen sx(left_px); set rmargin at screen 1 - sx(right_px); ".\
  "set bmargin at screen sy(bottom_px); set tmargin at screen 1 - sy(top_px + title_px); ".\
  "if (titled) { set label 1 title_bold at screen sx(edge_px), screen 1 - sy(30) left font ',19' tc rgb 0x1f2328; ".\
  "set label 2 subtitle_lines at screen sx(edge_px), screen 1 - sy(title_px - (strstrt(subtitle_lines, \"\\n\") ? 38 : 18)) left font ',12' tc rgb 0x57606a }; "

# Colour of a mark: 'clear' of 255 where each is a case, in a density the fuller the more cases.
shade(colour, cases, clear) = colour + 16777216 * int(most > 1 ? 208 * (1 - log(cases) / log(most)) : clear)

# Axes of a plain x-y figure: the y title stands above its axis, where it is read first.
axes = "set label 3 y_title at screen sx(edge_px), screen 1 - sy(title_px + 16) left tc rgb 0x57606a; ".\
  "set label 4 x_title at graph 0.5, screen sy(14) center tc rgb 0x57606a; ".\
  "if (x_log) { set logscale x 2 }; if (y_log) { set logscale y 10 }; ".\
  "set xrange [x_from:x_to]; set yrange [y_from:y_to]; ".\
  "unset mxtics; unset mytics; ".\
  "eval('set xtics '.(narrow ? x_few : x_tics)); eval('set ytics '.y_tics); "

label_at(i) = narrow ? label_narrow[i] : label_wide[i]
right_labels = "do for [i = 1:series] { set label 100 + i name[i] at first last_x[i], graph label_at(i) offset character 1.2, 0 left tc rgb ink[i] }; "

# Names of the series in a line above the plot, where lines end too close to be labelled.
legend = "pen = edge_px; line = 0; do for [i = 1:series] { wide_i = 34 + 7.2 * strlen(name[i]); ".\
  "if (pen + wide_i > across) { pen = edge_px; line = line + 1 }; at_px = title_px + 38 + 18 * line; ".\
  "set label 200 + 2 * i '●' at screen sx(pen), screen 1 - sy(at_px) left tc rgb colour[i]; ".\
  "set label 201 + 2 * i name[i] at screen sx(pen + 14), screen 1 - sy(at_px) left tc rgb ink[i]; pen = pen + wide_i }; "

# query: kernel=each over=kernel,kv,layout,window,heads,kv_heads,dim,context,batch,q_len,threads,cache by=kernel rows=kernel x=error_used log=x series=16
# title: Largest error against its bound
# caption: Each dot is a case: its largest difference from a double-precision oracle, as a share of what rounding may cost. Left of the line it is within the bound.
# SPDX-License-Identifier: Apache-2.0
tall = 30 * rows + 76
left_px = edge_px + 20 + 7.2 * names_longest
right_px = 28
top_px = 22
eval(canvas)
set border 1
set yrange [rows - 0.5:-0.5]
set logscale x 10
if (x_to < 1.6) { x_to = 1.6 }
set xrange [x_from:x_to]
set xtics ('0.01 %%' 0.0001, '0.1 %%' 0.001, '1 %%' 0.01, '10 %%' 0.1, '100 %%' 1)
unset ytics
set label 4 x_title at graph 0.5, screen sy(14) center tc rgb 0x57606a
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb 0x1f2328
do for [r = 1:rows] { set label 300 + r row[r] at graph 0, first r - 1 offset character -1, 0 right tc rgb 0x1f2328 }
plot for [i = 1:series] data index i - 1 using X:ROW:(shade(0x0072b2, column(CASES), 160)) with points pt 7 ps 0.8 lc rgb variable
