# Figure "01-cache-versus-speed". Draw it again: gnuplot -d -e "form='svg'" 01-cache-versus-speed.gp
figure = '01-cache-versus-speed'
data = '01-cache-versus-speed.dat'
title_lines = 'At 32K tokens MQA needs 1/32 of the cache and decodes 5.2× as fast'."\n".'as MHA'
subtitle_lines = 'decode · f16 cache · batch 1 · 32 query heads · head dim 128 · data cold · 2 threads · fastest kernel of each case · bytes from the'."\n".'shape · Intel(R) Xeon(R) Processor \@ 2.80GHz, 2 CPUs, 48 MiB L3'
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
x_from = 208545.116; x_to = 674853916.8; x_low = 262144; x_high = 536870912
x_log = 1
x_title = 'KV cache of one layer'
x_tics = "('512 KiB' 524288, '2 MiB' 2097152, '8 MiB' 8388608, '32 MiB' 33554432, '128 MiB' 134217728, '512 MiB' 536870912)"
x_few = "('1 MiB' 1048576, '8 MiB' 8388608, '64 MiB' 67108864, '512 MiB' 536870912)"
y_from = 29.38654962; y_to = 62973.76164; y_low = 44.31957804; y_high = 41755.39689
y_log = 1
y_title = 'tokens a second through one layer'
y_tics = "('30' 30, '100' 100, '300' 300, '1k' 1000, '3k' 3000, '10k' 10000, '30k' 30000)"
y_few = "('100' 100, '1k' 1000, '10k' 10000)"
series = 6
array name[6]; array colour[6]; array ink[6]
array first_x[6]; array first_y[6]; array last_x[6]; array last_y[6]
name[1] = 'MHA'; colour[1] = 0xd55e00; ink[1] = 0xa84a00
first_x[1] = 8388608; last_x[1] = 536870912; first_y[1] = 2101.532617; last_y[1] = 47.27693276
name[2] = 'GQA-16'; colour[2] = 0xc27c00; ink[2] = 0x8a5f00
first_x[2] = 4194304; last_x[2] = 268435456; first_y[2] = 4933.716984; last_y[2] = 87.00886849
name[3] = 'GQA-8'; colour[3] = 0x009e73; ink[3] = 0x00704f
first_x[3] = 2097152; last_x[3] = 134217728; first_y[3] = 8268.083034; last_y[3] = 150.8782634
name[4] = 'GQA-4'; colour[4] = 0x3a94cf; ink[4] = 0x1f6f9f
first_x[4] = 1048576; last_x[4] = 67108864; first_y[4] = 10107.12224; last_y[4] = 160.3364847
name[5] = 'GQA-2'; colour[5] = 0x0072b2; ink[5] = 0x005a8c
first_x[5] = 524288; last_x[5] = 33554432; first_y[5] = 11027.98843; last_y[5] = 156.7041909
name[6] = 'MQA'; colour[6] = 0xcc79a7; ink[6] = 0x9c4474
first_x[6] = 262144; last_x[6] = 16777216; first_y[6] = 12883.63226; last_y[6] = 247.9993635
rows = 0; names_longest = 0
array row[1]
most = 1
roof_read = 3.56220846e+10; roof_fma = 3.570465562e+11
papers = 0
x_ranks = 12; x_rank_tics = "('256 KiB' 0, '512 KiB' 1, '1 MiB' 2, '2 MiB' 3, '4 MiB' 4, '8 MiB' 5, '16 MiB' 6, '32 MiB' 7, '64 MiB' 8, '128 MiB' 9, '256 MiB' 10, '512 MiB' 11)"
y_ranks = 42; y_rank_tics = "('47.3' 0, '87' 1, '90.7' 2, '151' 3, '157' 4, '160' 5, '182' 6, '184' 7, '248' 8, '260' 9, '350' 10, '350' 11, '360' 12, '360' 13, '392' 14, '542' 15, '636' 16, '639' 17, '679' 18, '699' 19, '1.04k' 20, '1.04k' 21, '1.16k' 22, '1.19k' 23, '1.31k' 24, '1.37k' 25, '1.98k' 26, '2.1k' 27, '2.32k' 28, '2.39k' 29, '2.77k' 30, '2.92k' 31, '4.08k' 32, '4.23k' 33, '4.93k' 34, '5.26k' 35, '5.41k' 36, '6.75k' 37, '8.27k' 38, '10.1k' 39, '11k' 40, '12.9k' 41)"
array outgrown_x[6]; array outgrown_y[6]
outgrown_x[1] = 50331648; outgrown_y[1] = 456.8666932
outgrown_x[2] = 50331648; outgrown_y[2] = 448.6979417
outgrown_x[3] = 50331648; outgrown_y[3] = 352.8869565
outgrown_x[4] = 50331648; outgrown_y[4] = 224.2785764
outgrown_x[5] = NaN; outgrown_y[5] = NaN
outgrown_x[6] = NaN; outgrown_y[6] = NaN
array label_wide[6]; array label_narrow[6]
label_wide[1] = 0.0619934
label_wide[2] = 0.124471
label_wide[3] = 0.16947
label_wide[5] = 0.21447
label_wide[4] = 0.25947
label_wide[6] = 0.304469
label_narrow[1] = 0.0480846
label_narrow[2] = 0.113084
label_narrow[3] = 0.178083
label_narrow[5] = 0.243083
label_narrow[4] = 0.308082
label_narrow[6] = 0.373082
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

# query: kernel=best over=kv_heads,context by=attention x=kv_bytes y=items_per_second also=floor_rate log=xy
# title: KV-cache size against decoding speed, one layer
# caption: One line an attention kind, one point a context.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 540
right_px = narrow ? 24 : 30
if (narrow) { top_px = series > 4 ? 92 : 74 }
y_from = y_from / 2
eval(canvas)
set style textbox opaque noborder fillcolor rgb 0xffffff margins 0.5, 0.2
eval(axes)
array cache_bytes[2] = [l2_bytes, l3_bytes]
array cache_name[2] = ['L2', 'L3']
do for [i = 1:2] {
  if (cache_bytes[i] > x_from && cache_bytes[i] < x_to) {
    set arrow i from cache_bytes[i], graph 0 to cache_bytes[i], graph 1 nohead lw 1 dt (2, 4) lc rgb 0x8c959f
    set label 10 + i cache_name[i] at cache_bytes[i], graph 0 offset character 0.4, 0.7 left tc rgb 0x57606a
  }
}
# The lower ends have nothing under them: names stand there, where there is room.
if (narrow) { eval(legend) }
else {
  do for [i = 1:series] {
    set label 100 + i '{/:Bold '.name[i].'}' at last_x[i], last_y[i] offset character 0, -1 center front boxed tc rgb ink[i]
  }
  set label 21 'at '.context_high at last_x[series], last_y[series] offset character 0, -2.1 center tc rgb 0x57606a
}
plot for [i = 1:series] data index i - 1 using X:FLOOR_RATE with lines lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with lines lw 2.5 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps (narrow ? 0.45 : 0.6) lc rgb colour[i]
