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
