# Figure "02-latency-versus-context". Draw it again: gnuplot -d -e "form='svg'" 02-latency-versus-context.gp
figure = '02-latency-versus-context'
data = '02-latency-versus-context.dat'
title_lines = 'At 32K tokens one call takes 21.2 ms with MHA and 4.03 ms with MQA'
subtitle_lines = 'decode · f16 cache · batch 1 · 32 query heads · head dim 128 · data cold · 2 threads · fastest kernel of each case · Intel(R) Xeon(R)'."\n".'Processor \@ 2.80GHz, 2 CPUs, 48 MiB L3'
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
x_from = 445.7218884; x_to = 37640.5477; x_low = 512; x_high = 32768
x_log = 1
x_title = 'context, tokens'
x_tics = "('512' 512, '1K' 1024, '2K' 2048, '4K' 4096, '8K' 8192, '16K' 16384, '32K' 32768)"
x_few = "('512' 512, '2K' 2048, '8K' 8192, '32K' 32768)"
y_from = 46176.09372; y_to = 32034002.51; y_low = 65557.74597; y_high = 22563391.71
y_log = 1
y_title = 'time of one call'
y_tics = "('100 µs' 100000, '300 µs' 300000, '1 ms' 1000000, '3 ms' 3000000, '10 ms' 10000000, '30 ms' 30000000)"
y_few = "('100 µs' 100000, '1 ms' 1000000, '10 ms' 10000000)"
series = 6
array name[6]; array colour[6]; array ink[6]
array first_x[6]; array first_y[6]; array last_x[6]; array last_y[6]
name[1] = 'MHA'; colour[1] = 0xd55e00; ink[1] = 0xa84a00
first_x[1] = 512; last_x[1] = 32768; first_y[1] = 475843.1974; last_y[1] = 21151964.43
name[2] = 'GQA-16'; colour[2] = 0xc27c00; ink[2] = 0x8a5f00
first_x[2] = 512; last_x[2] = 32768; first_y[2] = 202686.9403; last_y[2] = 11493081.31
name[3] = 'GQA-8'; colour[3] = 0x009e73; ink[3] = 0x00704f
first_x[3] = 512; last_x[3] = 32768; first_y[3] = 120947.0195; last_y[3] = 6627859.955
name[4] = 'GQA-4'; colour[4] = 0x3a94cf; ink[4] = 0x1f6f9f
first_x[4] = 512; last_x[4] = 32768; first_y[4] = 98940.13116; last_y[4] = 6236883.652
name[5] = 'GQA-2'; colour[5] = 0x0072b2; ink[5] = 0x005a8c
first_x[5] = 512; last_x[5] = 32768; first_y[5] = 90678.36862; last_y[5] = 6381450.263
name[6] = 'MQA'; colour[6] = 0xcc79a7; ink[6] = 0x9c4474
first_x[6] = 512; last_x[6] = 32768; first_y[6] = 77617.8627; last_y[6] = 4032268.414
rows = 0; names_longest = 0
array row[1]
most = 1
roof_read = 3.56220846e+10; roof_fma = 3.570465562e+11
papers = 0
x_ranks = 7; x_rank_tics = "('512' 0, '1K' 1, '2K' 2, '4K' 3, '8K' 4, '16K' 5, '32K' 6)"
y_ranks = 42; y_rank_tics = "('77.6 µs' 0, '90.7 µs' 1, '98.9 µs' 2, '121 µs' 3, '148 µs' 4, '185 µs' 5, '190 µs' 6, '203 µs' 7, '236 µs' 8, '245 µs' 9, '343 µs' 10, '361 µs' 11, '419 µs' 12, '431 µs' 13, '476 µs' 14, '506 µs' 15, '729 µs' 16, '761 µs' 17, '838 µs' 18, '862 µs' 19, '958 µs' 20, '964 µs' 21, '1.43 ms' 22, '1.47 ms' 23, '1.56 ms' 24, '1.57 ms' 25, '1.85 ms' 26, '2.55 ms' 27, '2.78 ms' 28, '2.78 ms' 29, '2.85 ms' 30, '2.86 ms' 31, '3.84 ms' 32, '4.03 ms' 33, '5.42 ms' 34, '5.49 ms' 35, '6.24 ms' 36, '6.38 ms' 37, '6.63 ms' 38, '11 ms' 39, '11.5 ms' 40, '21.2 ms' 41)"
array outgrown_x[6]; array outgrown_y[6]
outgrown_x[1] = 3072; outgrown_y[1] = 2188822.287
outgrown_x[2] = 6144; outgrown_y[2] = 2228670.798
outgrown_x[3] = 12288; outgrown_y[3] = 2833768.666
outgrown_x[4] = 24576; outgrown_y[4] = 4458740.625
outgrown_x[5] = NaN; outgrown_y[5] = NaN
outgrown_x[6] = NaN; outgrown_y[6] = NaN
array label_wide[6]; array label_narrow[6]
label_wide[6] = 0.667793
label_wide[4] = 0.712792
label_wide[5] = 0.757791
label_wide[3] = 0.802791
label_wide[2] = 0.84779
label_wide[1] = 0.936555
label_narrow[6] = 0.623773
label_narrow[4] = 0.688772
label_narrow[5] = 0.753771
label_narrow[3] = 0.818771
label_narrow[2] = 0.88377
label_narrow[1] = 0.948769
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

# query: kernel=best over=kv_heads,context by=attention x=context y=time_ns log=xy need=2
# title: Time of one call against context
# caption: One line an attention kind.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
eval(axes)
eval(right_labels)
outgrown = 0
do for [i = 1:series] { if (outgrown_x[i] > 0) { outgrown = 1 } }
if (outgrown) { set label 21 '{/*1.3 ○}  cache outgrows '.last_cache at graph 0.03, graph 0.96 left tc rgb 0x57606a }
inside(y) = y < y_from ? y_from : y > y_to ? y_to : y
plot for [i = 1:series] data index i - 1 using X:(inside(column(Y_LOW))):(inside(column(Y_HIGH))) with filledcurves fs transparent solid 0.18 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.6 lw 2.5 lc rgb colour[i], \
     for [i = 1:series] '+' using (outgrown_x[i]):(outgrown_y[i]) every ::0::0 with points pt 7 ps 1 lc rgb 0xffffff, \
     for [i = 1:series] '+' using (outgrown_x[i]):(outgrown_y[i]) every ::0::0 with points pt 6 ps 1 lw 1.5 lc rgb ink[i]
