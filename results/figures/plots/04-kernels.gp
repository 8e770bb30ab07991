# Figure "04-kernels". Draw it again: gnuplot -d -e "form='svg'" 04-kernels.gp
figure = '04-kernels'
data = '04-kernels.dat'
title_lines = 'split.avx512 is the fastest kernel for 3 of 3 attention kinds at'."\n".'8K tokens'
subtitle_lines = 'decode · f32 cache · batch 1 · 32 query heads · head dim 128 · 8K tokens · data cold · 2 threads · Intel(R) Xeon(R) Processor \@'."\n".'2.80GHz, 2 CPUs, 48 MiB L3'
context_high = '8K tokens'
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
x_from = 281768.3297; x_to = 61879535.32; x_low = 376130; x_high = 46355497.6
x_log = 1
x_title = 'time of one call'
x_tics = "('500 µs' 500000, '1 ms' 1000000, '2 ms' 2000000, '5 ms' 5000000, '10 ms' 10000000, '20 ms' 20000000, '50 ms' 50000000)"
x_few = "('25 ms' 25000000, '50 ms' 50000000)"
y_from = 0; y_to = 1.08; y_low = 1; y_high = 1
y_log = 0
y_title = ''
y_tics = "('' 0)"
y_few = "('' 0)"
series = 3
array name[3]; array colour[3]; array ink[3]
array first_x[3]; array first_y[3]; array last_x[3]; array last_y[3]
name[1] = 'MHA'; colour[1] = 0xd55e00; ink[1] = 0xa84a00
first_x[1] = 10452659.93; last_x[1] = 40196308.33
name[2] = 'GQA-8'; colour[2] = 0x009e73; ink[2] = 0x00704f
first_x[2] = 3133489.655; last_x[2] = 33212953.4
name[3] = 'MQA'; colour[3] = 0xcc79a7; ink[3] = 0x9c4474
first_x[3] = 1325226.192; last_x[3] = 34516220.2
rows = 5; names_longest = 12
array row[5]
row[1] = 'split.avx512'
row[2] = 'blas\_gemm'
row[3] = 'blas\_gemv'
row[4] = 'online.auto'
row[5] = 'naive.auto'
most = 1
roof_read = 3.290988386e+10; roof_fma = 3.569288178e+11
papers = 0
x_ranks = 15; x_rank_tics = "('1.33 ms' 0, '3.13 ms' 1, '3.39 ms' 2, '6.78 ms' 3, '9.3 ms' 4, '10.5 ms' 5, '15.9 ms' 6, '16 ms' 7, '16.1 ms' 8, '25.6 ms' 9, '27.3 ms' 10, '33.2 ms' 11, '34 ms' 12, '34.5 ms' 13, '40.2 ms' 14)"
y_ranks = 0; y_rank_tics = "('' 0)"
array outgrown_x[3]; array outgrown_y[3]
outgrown_x[1] = NaN; outgrown_y[1] = NaN
outgrown_x[2] = NaN; outgrown_y[2] = NaN
outgrown_x[3] = NaN; outgrown_y[3] = NaN
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

# query: kernel=each over=kernel,kv_heads by=attention rows=kernel x=time_ns also=floor_ns log=x series=3
# title: Kernels side by side
# caption: One panel an attention kind, fastest kernel first.
# SPDX-License-Identifier: Apache-2.0
panels = series
row_px = 28
each_px = row_px * rows + 66
tall = narrow ? panels * each_px + 34 : each_px + 34
names_px = edge_px + 20 + 7.2 * names_longest
gap_px = 28
panel_px = narrow ? across - names_px - 12 : (across - names_px - edge_px - gap_px * (panels - 1)) / panels
words_px = narrow ? 104 : 96
eval(canvas)
x_end = x_to * (x_to / x_from) ** (words_px / (panel_px - words_px))
set yrange [rows - 0.5:-0.5]
set logscale x 10
set xrange [x_from:x_end]
set border 1
unset grid
unset ytics
eval('set xtics '.x_few)
set label 4 x_title at screen sx(names_px), screen sy(14) left tc rgb 0x57606a
set multiplot
do for [p = 1:panels] {
  if (p > 1) { unset label 1; unset label 2; unset label 4 }
  from_px = narrow ? names_px : names_px + (p - 1) * (panel_px + gap_px)
  ceil_px = tall - 30 - (narrow ? (p - 1) * each_px : 0)
  set lmargin at screen sx(from_px); set rmargin at screen sx(from_px + panel_px)
  set tmargin at screen sy(ceil_px); set bmargin at screen sy(ceil_px - row_px * rows)
  set label 5 '{/:Bold '.name[p].'}' at graph 0, graph 1 offset 0, character 0.9 left tc rgb ink[p]
  do for [r = 1:rows] {
    words = narrow || p == 1 ? row[r] : ''
    set label 300 + r words at graph 0, first r - 1 offset character -1, 0 right tc rgb 0x1f2328
  }
  plot for [r = 1:rows] '+' using (x_from):(r - 1):(x_end - x_from):(0) every ::0::0 with vectors nohead lw 1 lc rgb 0xe6e8eb, \
    data index p - 1 using FLOOR_NS:(column(ROW) - 0.32):(0):(0.64) with vectors nohead lw 2 lc rgb 0x1f2328, \
    data index p - 1 using X_LOW:ROW:((column(X_HIGH) < x_to ? column(X_HIGH) : x_to) - column(X_LOW)):(0) with vectors nohead lw 3 lc rgb colour[p], \
    data index p - 1 using X:ROW with points pt 7 ps 0.9 lc rgb colour[p], \
    data index p - 1 using (column(X_HIGH) < x_to ? column(X_HIGH) : x_to):ROW:(stringcolumn(X_TEXT).(column(CEILING_FRACTION) > 0 ? '  '.stringcolumn(SHARE_TEXT) : '')) with labels noenhanced left offset character 1, 0 font ',12' tc rgb 0x57606a
}
unset multiplot
