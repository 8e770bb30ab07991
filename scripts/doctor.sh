#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Says which sources of noise this machine has, one line each, and how to quieten them. Advice
# only: nothing is changed, the exit status is 0, and what cannot be read is said to be unknown,
# since many of these files are missing in virtual machines and containers.
set -uo pipefail
export LC_ALL=C

case "${1-}" in
  '') ;;
  --help | -h) echo "usage: scripts/doctor.sh"; exit 0 ;;
  *) echo "doctor.sh: unknown argument '$1'; it takes none" >&2; exit 2 ;;
esac

advised=0
value() { cat "$1" 2>/dev/null || echo unknown; }
chosen() { sed -n 's/.*\[\(.*\)\].*/\1/p' "$1" 2>/dev/null | grep . || echo unknown; }
line() { printf '%-6s %-12s %s\n' "$1" "$2" "$3"; }
good() { line ok "$1" "$2"; }
unknown() { line '?' "$1" "$2"; }
advise() { # subject, what was found, what to do
  line look "$1" "$2"
  printf '%-6s %-12s %s\n' '' '' "-> $3"
  advised=$((advised + 1))
}

# The clock of the cores

found=$(cat /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor 2>/dev/null | sort -u | paste -sd,)
case $found in
  '') unknown governor "no cpufreq here; in a virtual machine the host decides" ;;
  performance) good governor performance ;;
  *) advise governor "$found: the clock follows the load" \
    "sudo cpupower frequency-set -g performance" ;;
esac

no_turbo=/sys/devices/system/cpu/intel_pstate/no_turbo
boost=/sys/devices/system/cpu/cpufreq/boost
case $(value $no_turbo),$(value $boost) in
  1,* | unknown,0) good turbo "off" ;;
  0,*) advise turbo "on: the clock depends on heat and on how many cores work" \
    "echo 1 | sudo tee $no_turbo, for comparisons over days; leave it on to see top speed" ;;
  unknown,1) advise turbo "on: the clock depends on heat and on how many cores work" \
    "echo 0 | sudo tee $boost, for comparisons over days; leave it on to see top speed" ;;
  *) unknown turbo "no switch to read" ;;
esac

throttled=$(cat /sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count 2>/dev/null |
  awk '{ sum += $1 } END { if (NR) print sum }')
case $throttled in
  '') unknown heat "no throttle counters" ;;
  0) good heat "never throttled since boot" ;;
  *) advise heat "throttled $throttled times since boot" \
    "better cooling, or a lower fixed clock" ;;
esac

for supply in /sys/class/power_supply/*/online; do
  if [ "$(value "$supply")" = 0 ]; then
    advise power "$(basename "$(dirname "$supply")") is off line" "plug the machine in"
  fi
done

# Who else is here

if grep -qw hypervisor /proc/cpuinfo 2>/dev/null; then
  advise machine "virtual: neighbours share caches and memory bandwidth" \
    "compare only figures taken in one run, side by side"
else
  good machine "no hypervisor announced"
fi

load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)
if [ "$load" = unknown ]; then
  unknown load "cannot read /proc/loadavg"
elif awk -v load="$load" 'BEGIN { exit !(load > 0.5) }'; then
  advise load "$load before anything of ours runs" "see who it is with top, and wait"
else
  good load "$load"
fi

steal_now() { awk '/^cpu / { for (i = 2; i <= 9; i++) sum += $i; print $9 + 0, sum }' /proc/stat; }
read -r steal_before all_before < <(steal_now 2>/dev/null) || true
sleep 1
read -r steal_after all_after < <(steal_now 2>/dev/null) || true
if [ -z "${steal_after:-}" ]; then
  unknown steal "cannot read /proc/stat"
else
  steal=$(awk -v s=$((steal_after - steal_before)) -v a=$((all_after - all_before)) \
    'BEGIN { printf "%.1f", a ? 100 * s / a : 0 }')
  if awk -v steal="$steal" 'BEGIN { exit !(steal > 1) }'; then
    advise steal "$steal % of a second went to other guests" "another hour, or a dedicated host"
  else
    good steal "$steal % over one second"
  fi
fi

pressure=$(awk '/^some/ { sub("avg60=", "", $3); print $3 }' /proc/pressure/memory 2>/dev/null)
case $pressure in
  '') unknown pressure "no /proc/pressure" ;;
  0.00) good pressure "nobody waited for memory in the last minute" ;;
  *) advise pressure "somebody waited for memory $pressure % of the last minute" \
    "free memory before measuring" ;;
esac

# Two schemes of control groups, in either of which a quota stops all threads at once.
quota=$(cut -d' ' -f1 /sys/fs/cgroup/cpu.max 2>/dev/null ||
  cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || echo unknown)
case $quota in
  unknown) unknown quota "no control group to read" ;;
  max | -1) good quota "no CPU quota" ;;
  *) advise quota "a CPU quota of $quota us a period stops threads in the middle of a call" \
    "run outside the container, or without --cpus" ;;
esac

# Cores

case $(value /sys/devices/system/cpu/smt/active) in
  0) good smt "one thread a core" ;;
  1) advise smt "two threads share a core" \
    "keep siblings idle (one thread a core is our default), or echo off into smt/control" ;;
  *) unknown smt "no switch to read" ;;
esac

allowed=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status 2>/dev/null)
good cpus "${allowed:-unknown} allowed, isolated: $(value /sys/devices/system/cpu/isolated |
  grep . || echo none)"

# Memory

thp=$(chosen /sys/kernel/mm/transparent_hugepage/enabled)
case $thp in
  always | madvise) good hugepages "transparent, $thp" ;;
  never) advise hugepages "transparent huge pages are off: more page walks" \
    "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled" ;;
  *) unknown hugepages "no switch to read" ;;
esac

nodes=$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' 2>/dev/null | wc -l)
if [ "$nodes" -gt 1 ] && [ "$(value /proc/sys/kernel/numa_balancing)" != 0 ]; then
  advise numa "$nodes nodes, and the kernel moves pages between them" \
    "sudo sysctl kernel.numa_balancing=0"
else
  good numa "$nodes node(s), no pages on the move"
fi

used=$(awk '/^SwapTotal/ { t = $2 } /^SwapFree/ { f = $2 } END { print t - f }' /proc/meminfo)
if [ "${used:-0}" -gt 0 ]; then
  advise swap "$((used / 1024)) MiB are swapped out" "free memory, then sudo swapoff -a"
else
  good swap "nothing is swapped out"
fi

case $(value /sys/kernel/mm/ksm/run) in
  1) advise ksm "the kernel merges equal pages while we measure" \
    "echo 0 | sudo tee /sys/kernel/mm/ksm/run" ;;
esac

# Kernel

case $(value /proc/sys/kernel/randomize_va_space) in
  0) advise aslr "off: every start has the same, perhaps unlucky, layout" \
    "sudo sysctl kernel.randomize_va_space=2, so that repeated starts average over layouts" ;;
  unknown) unknown aslr "cannot read randomize_va_space" ;;
  *) good aslr "on; repeated starts average over layouts" ;;
esac

clock=$(value /sys/devices/system/clocksource/clocksource0/current_clocksource)
case $clock in
  tsc | arch_sys_counter) good clock "$clock" ;;
  unknown) unknown clock "no clocksource to read" ;;
  *) advise clock "$clock: reading the time is a system call" \
    "boot with clocksource=tsc where the machine's TSC is stable; dmesg says if it is" ;;
esac

paranoid=$(value /proc/sys/kernel/perf_event_paranoid)
case $paranoid in
  -1 | 0 | 1 | 2) good counters "perf_event_paranoid is $paranoid" ;;
  unknown) unknown counters "the kernel has no perf events, or hides them" ;;
  *) advise counters "perf_event_paranoid is $paranoid: hardware counters are closed" \
    "sudo sysctl kernel.perf_event_paranoid=2" ;;
esac

echo
echo "$advised line(s) to look at; nothing was changed."
exit 0
