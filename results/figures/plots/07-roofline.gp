# Figure "07-roofline". Draw it again: gnuplot -d -e "form='svg'" 07-roofline.gp
figure = '07-roofline'
data = '07-roofline.dat'
title_lines = '30 of 84 cases run at half their ceiling or better'
subtitle_lines = 'decode · data cold · bytes from the shape · Intel(R) Xeon(R) Processor \@ 2.80GHz, 2 CPUs, 48 MiB L3'
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
x_from = 0.4307639257; x_to = 82.01609234; x_low = 0.4997559785; x_high = 70.69364935
x_log = 1
x_title = 'FLOP a byte'
x_tics = "('0.5' 0.5, '1' 1, '2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64)"
x_few = "('1' 1, '8' 8, '64' 64)"
y_from = 1807273282; y_to = 6.354233434e+11; y_low = 2474108793; y_high = 4.641605231e+11
y_log = 1
y_title = 'operations a second'
y_tics = "('2 GFLOP/s' 2000000000, '5 GFLOP/s' 5000000000, '10 GFLOP/s' 1e+10, '20 GFLOP/s' 2e+10, '50 GFLOP/s' 5e+10, '100 GFLOP/s' 1e+11, '200 GFLOP/s' 2e+11, '500 GFLOP/s' 5e+11)"
y_few = "('250 GFLOP/s' 2.5e+11, '500 GFLOP/s' 5e+11)"
series = 5
array name[5]; array colour[5]; array ink[5]
array first_x[5]; array first_y[5]; array last_x[5]; array last_y[5]
name[1] = 'blas\_gemm'; colour[1] = 0x0072b2; ink[1] = 0x005a8c
first_x[1] = 0.4997559785; last_x[1] = 15.93774319; first_y[1] = 8215091936; last_y[1] = 3.961391789e+10
name[2] = 'blas\_gemv'; colour[2] = 0xd55e00; ink[2] = 0xa84a00
first_x[2] = 0.4997559785; last_x[2] = 15.93774319; first_y[2] = 8236573150; last_y[2] = 1.443194993e+10
name[3] = 'naive.auto'; colour[3] = 0x009e73; ink[3] = 0x00704f
first_x[3] = 0.4997559785; last_x[3] = 15.93774319; first_y[3] = 3714717123; last_y[3] = 3888540727
name[4] = 'online.auto'; colour[4] = 0xcc79a7; ink[4] = 0x9c4474
first_x[4] = 0.4997559785; last_x[4] = 15.93774319; first_y[4] = 3553339139; last_y[4] = 5247880759
name[5] = 'split.avx512'; colour[5] = 0xc27c00; ink[5] = 0x8a5f00
first_x[5] = 0.4997559785; last_x[5] = 70.69364935; first_y[5] = 1.192809234e+10; last_y[5] = 1.380764508e+11
rows = 0; names_longest = 0
array row[1]
most = 1
roof_read = 3.655157438e+10; roof_fma = 3.570465562e+11
papers = 0
x_ranks = 52; x_rank_tics = "('0.5' 0, '0.5' 1, '1' 2, '1' 3, '1' 4, '1' 5, '1' 6, '1' 7, '1' 8, '1.98' 9, '1.99' 10, '2' 11, '2' 12, '2' 13, '2' 14, '2' 15, '3.94' 16, '3.97' 17, '3.98' 18, '3.99' 19, '4' 20, '4' 21, '4' 22, '6.81' 23, '6.95' 24, '6.99' 25, '7' 26, '7.76' 27, '7.88' 28, '7.94' 29, '7.97' 30, '7.98' 31, '7.99' 32, '8' 33, '15.1' 34, '15.5' 35, '15.8' 36, '15.9' 37, '15.9' 38, '16' 39, '16' 40, '28.4' 41, '30.1' 42, '31' 43, '31.5' 44, '31.8' 45, '31.9' 46, '31.9' 47, '55.6' 48, '66.4' 49, '69.8' 50, '70.7' 51)"
y_ranks = 84; y_rank_tics = "('3.25 GFLOP/s' 0, '3.34 GFLOP/s' 1, '3.55 GFLOP/s' 2, '3.71 GFLOP/s' 3, '3.89 GFLOP/s' 4, '3.95 GFLOP/s' 5, '4 GFLOP/s' 6, '4.04 GFLOP/s' 7, '4.32 GFLOP/s' 8, '4.91 GFLOP/s' 9, '5.25 GFLOP/s' 10, '5.27 GFLOP/s' 11, '8.22 GFLOP/s' 12, '8.24 GFLOP/s' 13, '8.33 GFLOP/s' 14, '8.41 GFLOP/s' 15, '8.44 GFLOP/s' 16, '11.9 GFLOP/s' 17, '12.8 GFLOP/s' 18, '13.3 GFLOP/s' 19, '14.4 GFLOP/s' 20, '15.9 GFLOP/s' 21, '17.6 GFLOP/s' 22, '19.4 GFLOP/s' 23, '19.8 GFLOP/s' 24, '20 GFLOP/s' 25, '21.4 GFLOP/s' 26, '24.2 GFLOP/s' 27, '24.3 GFLOP/s' 28, '24.5 GFLOP/s' 29, '25.4 GFLOP/s' 30, '30.9 GFLOP/s' 31, '39.6 GFLOP/s' 32, '40 GFLOP/s' 33, '41.4 GFLOP/s' 34, '42.7 GFLOP/s' 35, '42.8 GFLOP/s' 36, '44.9 GFLOP/s' 37, '46 GFLOP/s' 38, '46.7 GFLOP/s' 39, '47 GFLOP/s' 40, '49.5 GFLOP/s' 41, '69.4 GFLOP/s' 42, '69.9 GFLOP/s' 43, '70 GFLOP/s' 44, '71 GFLOP/s' 45, '72.7 GFLOP/s' 46, '73.4 GFLOP/s' 47, '77.8 GFLOP/s' 48, '77.9 GFLOP/s' 49, '81 GFLOP/s' 50, '84.1 GFLOP/s' 51, '84.8 GFLOP/s' 52, '84.9 GFLOP/s' 53, '86 GFLOP/s' 54, '86.1 GFLOP/s' 55, '88.2 GFLOP/s' 56, '88.2 GFLOP/s' 57, '90.2 GFLOP/s' 58, '90.2 GFLOP/s' 59, '90.7 GFLOP/s' 60, '91.2 GFLOP/s' 61, '92.5 GFLOP/s' 62, '92.9 GFLOP/s' 63, '93.8 GFLOP/s' 64, '94.1 GFLOP/s' 65, '96.6 GFLOP/s' 66, '97.9 GFLOP/s' 67, '98.3 GFLOP/s' 68, '101 GFLOP/s' 69, '101 GFLOP/s' 70, '102 GFLOP/s' 71, '105 GFLOP/s' 72, '108 GFLOP/s' 73, '113 GFLOP/s' 74, '114 GFLOP/s' 75, '116 GFLOP/s' 76, '120 GFLOP/s' 77, '130 GFLOP/s' 78, '133 GFLOP/s' 79, '133 GFLOP/s' 80, '137 GFLOP/s' 81, '138 GFLOP/s' 82, '139 GFLOP/s' 83)"
array outgrown_x[5]; array outgrown_y[5]
outgrown_x[1] = 1.998417079; outgrown_y[1] = 1.970994805e+10
outgrown_x[2] = 1.998417079; outgrown_y[2] = 9176732133
outgrown_x[3] = 1.998417079; outgrown_y[3] = 4096944571
outgrown_x[4] = 1.998417079; outgrown_y[4] = 4509372731
outgrown_x[5] = 7.994476557; outgrown_y[5] = 9.030648289e+10
array label_wide[5]; array label_narrow[5]
label_wide[3] = 0.130698
label_wide[4] = 0.181835
label_wide[2] = 0.354394
label_wide[1] = 0.526631
label_wide[5] = 0.739618
label_narrow[3] = 0.123767
label_narrow[4] = 0.188767
label_narrow[2] = 0.354394
label_narrow[1] = 0.526631
label_narrow[5] = 0.739618
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

# query: kernel=each over=kernel,kv,heads,kv_heads,dim,context,batch,q_len,layout,window,threads by=kernel x=intensity y=flops_per_second log=xy roofs=yes rest=others
# title: Every case under the machine's roofs
# caption: Operations a second over operations a byte.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 440 : 560
left_px = edge_px + (narrow ? 82 : 92)
right_px = narrow ? 16 : 30
top_px = narrow ? 96 : 70
x_title = 'operations a byte (FLOP/byte)'
ridge = roof_fma > 0 && roof_read > 0 ? roof_fma / roof_read : 0
eval(canvas)
eval(axes)
eval(legend)
roof(x) = ridge == 0 ? NaN : x < ridge ? x * roof_read : roof_fma
set samples 400
if (ridge > 0) {
  set label 21 'arithmetic' at graph 0.99, first roof_fma offset 0, character 0.7 right tc rgb 0x1f2328
  if (ridge / 3 > x_from) { set label 22 'reading' at ridge / 3, ridge / 3 * roof_read offset character -0.8, 0.6 right tc rgb 0x1f2328 }
}
plot for [i = 1:series] data index i - 1 using X:Y:(shade(colour[i], column(CASES), 96)) with points pt 7 ps 0.6 lc rgb variable, \
     roof(x) with lines lw 2 lc rgb 0x1f2328
