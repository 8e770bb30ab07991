# Figure "11-kv-types". Draw it again: gnuplot -d -e "form='svg'" 11-kv-types.gp
figure = '11-kv-types'
data = '11-kv-types.dat'
title_lines = 'A cache of f16 takes 50 % of the bytes of f32 and is 1.4× as fast'
subtitle_lines = 'decode · batch 1 · 32 query heads · 1 KV heads · head dim 128 · 8K tokens · data cold · 2 threads · fastest kernel of each case ·'."\n".'bytes from the shape · Intel(R) Xeon(R) Processor \@ 2.80GHz, 2 CPUs, 48 MiB L3'
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
x_from = 3651353.71; x_to = 9635980.21; x_low = 4194304; x_high = 8388608
x_log = 1
x_title = 'KV cache of one layer'
x_tics = "('4 MiB' 4194304, '8 MiB' 8388608)"
x_few = "('4 MiB' 4194304, '8 MiB' 8388608)"
y_from = 492.1883564; y_to = 3054.472041; y_low = 565.3759553; y_high = 2659.072356
y_log = 1
y_title = 'tokens a second through one layer'
y_tics = "('500' 500, '1k' 1000, '2k' 2000)"
y_few = "('500' 500, '1k' 1000, '2k' 2000)"
series = 2
array name[2]; array colour[2]; array ink[2]
array z_text[2]
array first_x[2]; array first_y[2]; array last_x[2]; array last_y[2]
name[1] = 'f16'; colour[1] = 0x0072b2; ink[1] = 0x005a8c
first_x[1] = 4194304; last_x[1] = 4194304; z_text[1] = '8.2e-09'; first_y[1] = 1037.714153; last_y[1] = 1037.714153
name[2] = 'f32'; colour[2] = 0xd55e00; ink[2] = 0xa84a00
first_x[2] = 8388608; last_x[2] = 8388608; z_text[2] = '8.3e-09'; first_y[2] = 754.5881649; last_y[2] = 754.5881649
rows = 0; names_longest = 0
array row[1]
most = 1
roof_read = 3.290988386e+10; roof_fma = 3.568946502e+11
papers = 0
x_ranks = 2; x_rank_tics = "('4 MiB' 0, '8 MiB' 1)"
y_ranks = 2; y_rank_tics = "('755' 0, '1.04k' 1)"
array outgrown_x[2]; array outgrown_y[2]
outgrown_x[1] = NaN; outgrown_y[1] = NaN
outgrown_x[2] = NaN; outgrown_y[2] = NaN
array label_wide[2]; array label_narrow[2]
label_wide[2] = 0.234079
label_wide[1] = 0.408608
label_narrow[2] = 0.234079
label_narrow[1] = 0.408608
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

# query: kernel=best over=kv by=kv x=kv_bytes y=items_per_second z=loss also=floor_rate log=xy need=2
# title: Types of the cache: size, speed and error
# caption: One point a type of the KV cache, everything else alike: left is smaller, up is faster. The stair joins the types that none other beats in both; what lies under it has only its error to offer. Triangles are what the machine's ceilings allow. The error is the largest one against a double-precision oracle that saw the cache before it was narrowed, or where that was not measured, after it.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 400 : 480
right_px = narrow ? 106 : 160
eval(canvas)
eval(axes)
set bars 1
set style textbox opaque noborder fillcolor rgb 0xffffff margins 0.4, 0.1
beaten(x, y) = (sum [j = 1:series] ((last_x[j] <= x && last_y[j] >= y && (last_x[j] < x || last_y[j] > y)) ? 1 : 0)) > 0
do for [i = 1:series] { set label 100 + i name[i].(narrow ? '  ' : ', error ').z_text[i] at first last_x[i], graph label_at(i) offset character 1.2, 0 left front boxed tc rgb ink[i] }
plot sample [i = 1:series:1] '+' using (last_x[int(i)]):(beaten(last_x[int(i)], last_y[int(i)]) ? NaN : last_y[int(i)]) smooth unique with steps lw 1.5 lc rgb 0x8c959f, \
     for [i = 1:series] data index i - 1 using X:Y:Y_LOW:Y_HIGH with yerrorbars pt 7 ps 0.1 lw 1.5 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps 1.1 lc rgb colour[i], \
     for [i = 1:series] data index i - 1 using X:FLOOR_RATE with points pt 9 ps 0.8 lc rgb 0x1f2328
