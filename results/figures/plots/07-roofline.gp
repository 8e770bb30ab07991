# Figure "07-roofline". Draw it again: gnuplot -d -e "form='svg'" 07-roofline.gp
figure = '07-roofline'
data = '07-roofline.dat'
title_lines = '22 of 84 cases run at half their ceiling or better'
subtitle_lines = 'decode · data cold · 2 threads · bytes from the shape · Intel(R) Xeon(R) Processor, 2 CPUs, 105 MiB L3'
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
x_from = 0.4307639257; x_to = 82.01609234; x_low = 0.4997559785; x_high = 70.69364935
x_log = 1
x_title = 'FLOP a byte'
x_tics = "('0.5' 0.5, '1' 1, '2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64)"
x_few = "('1' 1, '8' 8, '64' 64)"
y_from = 1586835047; y_to = 5.675383042e+11; y_low = 2174325031; y_high = 4.141927534e+11
y_log = 1
y_title = 'operations a second'
y_tics = "('2 GFLOP/s' 2000000000, '5 GFLOP/s' 5000000000, '10 GFLOP/s' 1e+10, '20 GFLOP/s' 2e+10, '50 GFLOP/s' 5e+10, '100 GFLOP/s' 1e+11, '200 GFLOP/s' 2e+11, '500 GFLOP/s' 5e+11)"
y_few = "('10 GFLOP/s' 1e+10, '100 GFLOP/s' 1e+11)"
series = 5
array name[5]; array colour[5]; array ink[5]
array first_x[5]; array first_y[5]; array last_x[5]; array last_y[5]
name[1] = 'blas\_gemm'; colour[1] = 0x0072b2; ink[1] = 0x005a8c
first_x[1] = 0.4997559785; last_x[1] = 15.93774319; first_y[1] = 2818695954; last_y[1] = 3.761285095e+10
name[2] = 'blas\_gemv'; colour[2] = 0xd55e00; ink[2] = 0xa84a00
first_x[2] = 0.4997559785; last_x[2] = 15.93774319; first_y[2] = 6940359127; last_y[2] = 1.349683664e+10
name[3] = 'naive.auto'; colour[3] = 0x009e73; ink[3] = 0x00704f
first_x[3] = 0.4997559785; last_x[3] = 15.93774319; first_y[3] = 3380914385; last_y[3] = 3771928169
name[4] = 'online.auto'; colour[4] = 0xcc79a7; ink[4] = 0x9c4474
first_x[4] = 0.4997559785; last_x[4] = 15.93774319; first_y[4] = 2267193377; last_y[4] = 4773341228
name[5] = 'split.avx512'; colour[5] = 0xe69f00; ink[5] = 0x8a5f00
first_x[5] = 0.4997559785; last_x[5] = 70.69364935; first_y[5] = 7865545542; last_y[5] = 1.393261528e+11
rows = 0; names_longest = 0
array row[1]
roof_read = 3.925719986e+10; roof_fma = 3.186098103e+11
x_ranks = 52; x_rank_tics = "('0.5' 0, '0.5' 1, '1' 2, '1' 3, '1' 4, '1' 5, '1' 6, '1' 7, '1' 8, '1.98' 9, '1.99' 10, '2' 11, '2' 12, '2' 13, '2' 14, '2' 15, '3.94' 16, '3.97' 17, '3.98' 18, '3.99' 19, '4' 20, '4' 21, '4' 22, '6.81' 23, '6.95' 24, '6.99' 25, '7' 26, '7.76' 27, '7.88' 28, '7.94' 29, '7.97' 30, '7.98' 31, '7.99' 32, '8' 33, '15.1' 34, '15.5' 35, '15.8' 36, '15.9' 37, '15.9' 38, '16' 39, '16' 40, '28.4' 41, '30.1' 42, '31' 43, '31.5' 44, '31.8' 45, '31.9' 46, '31.9' 47, '55.6' 48, '66.4' 49, '69.8' 50, '70.7' 51)"
y_ranks = 84; y_rank_tics = "('2.27 GFLOP/s' 0, '2.7 GFLOP/s' 1, '2.82 GFLOP/s' 2, '3.06 GFLOP/s' 3, '3.38 GFLOP/s' 4, '3.43 GFLOP/s' 5, '3.46 GFLOP/s' 6, '3.7 GFLOP/s' 7, '3.76 GFLOP/s' 8, '3.77 GFLOP/s' 9, '3.99 GFLOP/s' 10, '4.03 GFLOP/s' 11, '4.21 GFLOP/s' 12, '4.77 GFLOP/s' 13, '5.69 GFLOP/s' 14, '6.94 GFLOP/s' 15, '7.87 GFLOP/s' 16, '8.2 GFLOP/s' 17, '8.28 GFLOP/s' 18, '10.8 GFLOP/s' 19, '11 GFLOP/s' 20, '12.7 GFLOP/s' 21, '13.5 GFLOP/s' 22, '15.1 GFLOP/s' 23, '18.7 GFLOP/s' 24, '19.8 GFLOP/s' 25, '20.2 GFLOP/s' 26, '22.9 GFLOP/s' 27, '24.3 GFLOP/s' 28, '27.1 GFLOP/s' 29, '27.9 GFLOP/s' 30, '29.2 GFLOP/s' 31, '29.7 GFLOP/s' 32, '34.1 GFLOP/s' 33, '34.2 GFLOP/s' 34, '35.7 GFLOP/s' 35, '36.1 GFLOP/s' 36, '37 GFLOP/s' 37, '37.1 GFLOP/s' 38, '37.6 GFLOP/s' 39, '42.8 GFLOP/s' 40, '42.9 GFLOP/s' 41, '58.2 GFLOP/s' 42, '59 GFLOP/s' 43, '59.6 GFLOP/s' 44, '60.1 GFLOP/s' 45, '60.7 GFLOP/s' 46, '61 GFLOP/s' 47, '62 GFLOP/s' 48, '64.5 GFLOP/s' 49, '65.3 GFLOP/s' 50, '65.3 GFLOP/s' 51, '66.4 GFLOP/s' 52, '71.8 GFLOP/s' 53, '72.1 GFLOP/s' 54, '72.5 GFLOP/s' 55, '73.7 GFLOP/s' 56, '75.5 GFLOP/s' 57, '76 GFLOP/s' 58, '77.2 GFLOP/s' 59, '77.2 GFLOP/s' 60, '82.8 GFLOP/s' 61, '86.3 GFLOP/s' 62, '87.8 GFLOP/s' 63, '89.9 GFLOP/s' 64, '90.6 GFLOP/s' 65, '93 GFLOP/s' 66, '93.2 GFLOP/s' 67, '94 GFLOP/s' 68, '94.3 GFLOP/s' 69, '94.5 GFLOP/s' 70, '97 GFLOP/s' 71, '102 GFLOP/s' 72, '107 GFLOP/s' 73, '109 GFLOP/s' 74, '109 GFLOP/s' 75, '109 GFLOP/s' 76, '109 GFLOP/s' 77, '112 GFLOP/s' 78, '119 GFLOP/s' 79, '120 GFLOP/s' 80, '126 GFLOP/s' 81, '128 GFLOP/s' 82, '139 GFLOP/s' 83)"
array outgrown_x[5]; array outgrown_y[5]
outgrown_x[1] = 0.4998213221; outgrown_y[1] = 3124176785
outgrown_x[2] = 0.4998213221; outgrown_y[2] = 6464462155
outgrown_x[3] = 0.4998213221; outgrown_y[3] = 3491646553
outgrown_x[4] = 0.4998213221; outgrown_y[4] = 2412626680
outgrown_x[5] = 3.998744799; outgrown_y[5] = 7.257996018e+10
array label_wide[5]; array label_narrow[5]
label_wide[3] = 0.144787
label_wide[4] = 0.189787
label_wide[2] = 0.364094
label_wide[1] = 0.538408
label_wide[5] = 0.761123
label_narrow[3] = 0.134787
label_narrow[4] = 0.199787
label_narrow[2] = 0.364094
label_narrow[1] = 0.538408
label_narrow[5] = 0.761123
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

# query: kernel=each over=kernel,kv,heads,kv_heads,dim,context,batch,q_len,layout,window by=kernel x=intensity y=flops_per_second log=xy roofs=yes
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
plot for [i = 1:series] data index i - 1 using X:Y with points pt 7 ps 0.6 lc rgb (0x60000000 + colour[i]), \
     roof(x) with lines lw 2 lc rgb 0x1f2328
