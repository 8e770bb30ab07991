# Figure "03-speedup-versus-kv-heads". Draw it again: gnuplot -d -e "form='svg'" 03-speedup-versus-kv-heads.gp
figure = '03-speedup-versus-kv-heads'
data = '03-speedup-versus-kv-heads.dat'
title_lines = 'MQA reads 1/32 of the KV bytes and is 4.7× as fast at 32K tokens'
subtitle_lines = 'decode · f16 cache · batch 1 · 32 query heads · head dim 128 · data cold · 2 threads · fastest kernel of each case · Intel(R) Xeon(R)'."\n".'Processor, 2 CPUs, 105 MiB L3'
context_high = '32K tokens'
l2_bytes = 2097152; l3_bytes = 110100480; last_cache = 'the 105 MiB L3'
KERNEL = 1; LABEL = 2; KIND = 3; X_TEXT = 4; Y_TEXT = 5; Z_TEXT = 6; KV_TEXT = 7; SHARE_TEXT = 8
X = 9; Y = 10; Z = 11; X_LOW = 12; X_HIGH = 13; Y_LOW = 14; Y_HIGH = 15; X_RANK = 16
Y_RANK = 17; ROW = 18; SERIES = 19; 
TIME_NS = 20; LOW_NS = 21; HIGH_NS = 22; KV_BYTES = 23
BYTES = 24; FLOPS = 25; BYTES_PER_SECOND = 26; ITEMS_PER_SECOND = 27
CEILING_FRACTION = 28; READ_NS = 29; FMA_NS = 30; ERROR = 31
BOUND = 32; P50_NS = 33; P99_NS = 34; DRAM_BYTES = 35
BATCH = 36; HEADS = 37; KV_HEADS = 38; GROUP = 39
DIM = 40; CONTEXT = 41; Q_LEN = 42; THREADS = 43
FLOOR_NS = 44; FLOOR_RATE = 45; FLOPS_PER_SECOND = 46; INTENSITY = 47
ERROR_USED = 48; SPEEDUP = 49; IDEAL_SPEEDUP = 50; FLOOR_SPEEDUP = 51
EFFICIENCY = 52; 
x_from = 0.8705505633; x_to = 36.75834736; x_low = 1; x_high = 32
x_log = 1
x_title = 'KV heads'
x_tics = "('1' 1, '2' 2, '4' 4, '8' 8, '16' 16, '32' 32)"
x_few = "('2' 2, '8' 8, '32' 32)"
y_from = 0.5871963572; y_to = 40.12683274; y_low = 0.7363228128; y_high = 32
y_log = 1
y_title = 'speed-up over MHA'
y_tics = "('1×' 1, '2×' 2, '4×' 4, '8×' 8, '16×' 16, '32×' 32)"
y_few = "('2×' 2, '8×' 8, '32×' 32)"
series = 4
array name[4]; array colour[4]; array ink[4]
array first_x[4]; array first_y[4]; array last_x[4]; array last_y[4]
name[1] = '512 tokens'; colour[1] = 0x9ecae1; ink[1] = 0x3f7fa8
first_x[1] = 32; last_x[1] = 1; first_y[1] = 1; last_y[1] = 3.306814725
name[2] = '2K tokens'; colour[2] = 0x6ca2ca; ink[2] = 0x2d70a4
first_x[2] = 32; last_x[2] = 1; first_y[2] = 1; last_y[2] = 3.142282988
name[3] = '8K tokens'; colour[3] = 0x3a79b3; ink[3] = 0x1a60a0
first_x[3] = 32; last_x[3] = 1; first_y[3] = 1; last_y[3] = 3.652916367
name[4] = '32K tokens'; colour[4] = 0x08519c; ink[4] = 0x08519c
first_x[4] = 32; last_x[4] = 1; first_y[4] = 1; last_y[4] = 4.676122288
rows = 0; names_longest = 0
array row[1]
roof_read = 3.925719986e+10; roof_fma = 3.185852317e+11
x_ranks = 6; x_rank_tics = "('1' 0, '2' 1, '4' 2, '8' 3, '16' 4, '32' 5)"
y_ranks = 21; y_rank_tics = "('1×' 0, '1.2×' 1, '1.2×' 2, '1.3×' 3, '1.6×' 4, '2×' 5, '2.7×' 6, '2.7×' 7, '2.9×' 8, '3.1×' 9, '3.2×' 10, '3.2×' 11, '3.2×' 12, '3.2×' 13, '3.3×' 14, '3.4×' 15, '3.4×' 16, '3.7×' 17, '4×' 18, '4.2×' 19, '4.7×' 20)"
array outgrown_x[4]; array outgrown_y[4]
outgrown_x[1] = NaN; outgrown_y[1] = NaN
outgrown_x[2] = NaN; outgrown_y[2] = NaN
outgrown_x[3] = NaN; outgrown_y[3] = NaN
outgrown_x[4] = NaN; outgrown_y[4] = NaN
array label_wide[4]; array label_narrow[4]
label_wide[2] = 0.365014
label_wide[1] = 0.410014
label_wide[3] = 0.455014
label_wide[4] = 0.500013
label_narrow[2] = 0.335014
label_narrow[1] = 0.400014
label_narrow[3] = 0.465014
label_narrow[4] = 0.530013
# SPDX-License-Identifier: Apache-2.0
#
# The look that all figures share; it stands between the variables and the figure in every script.
#
# Variables of the selection, computed by analysis/report/script.c:
#   data, series, name[], colour[], ink[]           the .dat file; one index in it a series
#   first_x[] first_y[] last_x[] last_y[]           ends of each series
#   label_wide[] label_narrow[]                     heights (graph) for labels at the right end
#   outgrown_x[] outgrown_y[]                       where a KV cache outgrows the CPU's last cache
#   {x,y}_{from,to,low,high,log,title,tics,few}     axes with and without margin; tics for eval()
#   {x,y}_ranks, {x,y}_rank_tics, rows, row[]       categories
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
  "if (titled) { set label 1 '{/:Bold '.title_lines.'}' at screen sx(edge_px), screen 1 - sy(30) left font ',19' tc rgb 0x1f2328; ".\
  "set label 2 subtitle_lines at screen sx(edge_px), screen 1 - sy(title_px - (strstrt(subtitle_lines, \"\\n\") ? 38 : 18)) left font ',12' tc rgb 0x57606a }; "

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

# query: kernel=best over=kv_heads,context by=context x=kv_heads y=speedup also=ideal_speedup,floor_speedup log=xy flip=x need=2 series=4
# title: Speed-up over MHA against the number of KV heads
# caption: Grey dashes: as many times faster as heads are saved.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 380 : 520
eval(canvas)
set style textbox opaque noborder fillcolor rgb 0xffffff margins 0.5, 0.2
eval(axes)
set logscale y 2
set xrange [x_to:x_from]
eval('set xtics '.x_tics)
eval(right_labels)
set label 21 'H/G, ideal' at last_x[series], x_high / x_low offset character 1, 0 left tc rgb 0x6e7781
plot data index series - 1 using X:IDEAL_SPEEDUP with lines lw 1.5 dt (8, 5) lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with linespoints pt 7 ps 0.7 lw 2.5 lc rgb colour[i], \
     data index series - 1 using X:FLOOR_SPEEDUP with linespoints pt 7 ps 0.5 lw 1 dt (2, 4) lc rgb 0x1f2328, \
     data index series - 1 using (column(X_RANK) == (x_ranks > 2 ? 1 : 0) ? column(X) : NaN):FLOOR_SPEEDUP:('floor') with labels center boxed offset character 0, 0.9 tc rgb 0x1f2328
