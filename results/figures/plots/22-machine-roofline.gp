# Figure "22-machine-roofline". Draw it again: gnuplot -d -e "form='svg'" 22-machine-roofline.gp
figure = '22-machine-roofline'
data = '22-machine-roofline.dat'
title_lines = 'Below 25.7 operations a byte memory is this machine’s limit'
subtitle_lines = 'best of repeated readings · Intel(R) Xeon(R) Processor \@ 2.80GHz, 2 CPUs, 48 MiB L3'
context_high = '0 tokens'
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
x_from = 0.8705505633; x_to = 2.29739671; x_low = 1; x_high = 2
x_log = 1
x_title = 'threads'
x_tics = "('1' 1, '2' 2)"
x_few = "('1' 1, '2' 2)"
y_from = 3284148109; y_to = 3.122491664e+11; y_low = 4191710000; y_high = 2.44643e+11
y_log = 1
y_title = 'bytes a second'
y_tics = "('5 GB/s' 5000000000, '10 GB/s' 1e+10, '20 GB/s' 2e+10, '50 GB/s' 5e+10, '100 GB/s' 1e+11, '200 GB/s' 2e+11)"
y_few = "('200 GB/s' 2e+11)"
series = 4
array name[4]; array colour[4]; array ink[4]
array first_x[4]; array first_y[4]; array last_x[4]; array last_y[4]
name[1] = 'L1'; colour[1] = 0x0072b2; ink[1] = 0x005a8c
first_x[1] = 1; last_x[1] = 2; first_y[1] = 2.40647e+11; last_y[1] = 1.91198e+11
name[2] = 'L2'; colour[2] = 0xd55e00; ink[2] = 0xa84a00
first_x[2] = 1; last_x[2] = 2; first_y[2] = 1.56152e+11; last_y[2] = 2.44643e+11
name[3] = 'L3'; colour[3] = 0x009e73; ink[3] = 0x00704f
first_x[3] = 1; last_x[3] = 2; first_y[3] = 1.55126e+10; last_y[3] = 6344500000
name[4] = 'memory'; colour[4] = 0xcc79a7; ink[4] = 0x9c4474
first_x[4] = 1; last_x[4] = 2; first_y[4] = 1.20597e+10; last_y[4] = 4191710000
rows = 0; names_longest = 0
array row[1]
most = 1
roof_read = 1.20597e+10; roof_fma = 1.0766e+11
papers = 0
x_ranks = 2; x_rank_tics = "('1' 0, '2' 1)"
y_ranks = 8; y_rank_tics = "('4.19 GB/s' 0, '6.34 GB/s' 1, '12.1 GB/s' 2, '15.5 GB/s' 3, '156 GB/s' 4, '191 GB/s' 5, '241 GB/s' 6, '245 GB/s' 7)"
array outgrown_x[4]; array outgrown_y[4]
outgrown_x[1] = NaN; outgrown_y[1] = NaN
outgrown_x[2] = NaN; outgrown_y[2] = NaN
outgrown_x[3] = NaN; outgrown_y[3] = NaN
outgrown_x[4] = NaN; outgrown_y[4] = NaN
array label_wide[4]; array label_narrow[4]
label_wide[4] = 0.0535714
label_wide[3] = 0.144572
label_wide[1] = 0.892311
label_wide[2] = 0.946429
label_narrow[4] = 0.0535714
label_narrow[3] = 0.144572
label_narrow[1] = 0.88687
label_narrow[2] = 0.95187
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

# query: from=machine over=threads by=label x=threads y=bytes_per_second log=xy
# title: The roofs of this machine
# caption: Operations a second that each level can feed, and the most that arithmetic gives.
# SPDX-License-Identifier: Apache-2.0
tall = narrow ? 440 : 560
left_px = edge_px + 98
right_px = narrow ? 16 : 30
top_px = narrow ? 96 : 70
x_title = 'operations a byte (FLOP/byte)'
y_title = 'arithmetic (FLOP/s)'
x_from = 0.12; x_to = 540
slowest = last_y[1]
do for [i = 2:series] { if (last_y[i] < slowest) { slowest = last_y[i] } }
known = roof_fma > 0
y_to = known ? 3 * roof_fma : 32 * slowest
y_from = x_from * slowest * 0.7
do for [i = 1:series] { name[i] = name[i].gprintf('  %.1s %cB/s', last_y[i]) }
eval(canvas)
x_few = "('1/8' 0.125, '1' 1, '8' 8, '64' 64, '512' 512)"
x_tics = "('1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8, '16' 16, '32' 32, '64' 64, '128' 128, '256' 256, '512' 512)"
y_tics = "autofreq"
eval(axes)
set format y '%.0s %cFLOP/s'
eval(legend)
set samples 400
roof(x, i) = known && x * last_y[i] > roof_fma ? roof_fma : x * last_y[i]
array kind[4] = ['MHA', 'GQA of 4', narrow ? 'GQA of 8' : 'of 8', 'MQA of 32']
array reuse[4] = [1, 4, 8, 32]
do for [k = 1:4] {
  set arrow 10 + k from first reuse[k], graph 0 to first reuse[k], graph 1 nohead dt (2, 4) lw 1 lc rgb 0x8c959f
  if (!narrow || k % 2 == 1) { set label 20 + k kind[k] at first reuse[k], graph 0 offset character 0.5, 0.8 left tc rgb 0x57606a }
}
if (known) { set label 30 gprintf('arithmetic  %.0s %cFLOP/s', roof_fma) at graph 0.99, first roof_fma offset 0, character 0.7 right tc rgb 0x1f2328 }
plot for [i = 1:series] roof(x, i) with lines lw 2.5 lc rgb colour[i]
