# Figure "12-percentiles". Draw it again: gnuplot -d -e "form='svg'" 12-percentiles.gp
figure = '12-percentiles'
data = '12-percentiles.dat'
title_lines = 'One call in a hundred takes up to 4.4× the median (MQA, 8K tokens)'
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
y_from = 50457.01198; y_to = 16795127.37; y_low = 68872; y_high = 12304448
y_log = 1
y_title = 'median call'
y_tics = "('100 µs' 100000, '200 µs' 200000, '500 µs' 500000, '1 ms' 1000000, '2 ms' 2000000, '5 ms' 5000000, '10 ms' 10000000)"
y_few = "('100 µs' 100000, '1 ms' 1000000, '10 ms' 10000000)"
series = 3
array name[3]; array colour[3]; array ink[3]
array z_text[3]
array first_x[3]; array first_y[3]; array last_x[3]; array last_y[3]
name[1] = 'MHA'; colour[1] = 0xd55e00; ink[1] = 0xa84a00
first_x[1] = 512; last_x[1] = 8192; z_text[1] = '8.78 ms'; first_y[1] = 449393; last_y[1] = 5502780
name[2] = 'GQA-4'; colour[2] = 0x3a94cf; ink[2] = 0x1f6f9f
first_x[2] = 512; last_x[2] = 32768; z_text[2] = '12.3 ms'; first_y[2] = 97516; last_y[2] = 5875570
name[3] = 'MQA'; colour[3] = 0xcc79a7; ink[3] = 0x9c4474
first_x[3] = 512; last_x[3] = 32768; z_text[3] = '9.22 ms'; first_y[3] = 68872; last_y[3] = 4039870
rows = 0; names_longest = 0
array row[1]
most = 1
roof_read = 3.56220846e+10; roof_fma = 3.568946502e+11
papers = 0
x_ranks = 7; x_rank_tics = "('512' 0, '1K' 1, '2K' 2, '4K' 3, '8K' 4, '16K' 5, '32K' 6)"
y_ranks = 19; y_rank_tics = "('68.9 µs' 0, '97.5 µs' 1, '144 µs' 2, '179 µs' 3, '244 µs' 4, '326 µs' 5, '449 µs' 6, '511 µs' 7, '708 µs' 8, '789 µs' 9, '939 µs' 10, '1.46 ms' 11, '1.49 ms' 12, '2.5 ms' 13, '2.71 ms' 14, '2.73 ms' 15, '4.04 ms' 16, '5.5 ms' 17, '5.88 ms' 18)"
array outgrown_x[3]; array outgrown_y[3]
outgrown_x[1] = 3072; outgrown_y[1] = 2093835.194
outgrown_x[2] = 24576; outgrown_y[2] = 4275043.739
outgrown_x[3] = NaN; outgrown_y[3] = NaN
array label_wide[3]; array label_narrow[3]
label_wide[3] = 0.748896
label_wide[1] = 0.793895
label_wide[2] = 0.838895
label_narrow[3] = 0.728896
label_narrow[1] = 0.793896
label_narrow[2] = 0.858895
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
