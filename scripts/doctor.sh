#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Says which sources of noise this machine has, one line each, and how to quieten them. Advice
# only: nothing is changed, the exit status is 0, and what cannot be read is said to be unknown,
# since many of these files are missing in virtual machines and containers. With --keys it explains
# the env.* keys of a result file instead, one line each: what it holds, why it matters, what to do.
set -uo pipefail
export LC_ALL=C

case "${1-}" in
  '') ;;
  --help | -h) echo "usage: scripts/doctor.sh [--keys]"; exit 0 ;;
  --keys) ;;
  *) echo "doctor.sh: unknown argument '$1'; --keys is the one it takes" >&2; exit 2 ;;
esac

keys() {
  cat <<'TEXT'
env.cpu_model               the CPU; compare figures of equal ones only
env.cpu_features            vector instructions in use; --cpu_mask takes some away
env.microcode               of the CPU; updates change speed, so keep it between runs
env.flags_hash              of the CPU's feature list; a difference is another CPU or hypervisor
env.hypervisor              yes: neighbours share caches and memory; compare within one run only
env.vm_vendor               who makes the machine or the hypervisor
env.machine                 architecture: x86_64 or aarch64
env.governor                chooses the clock; sudo cpupower frequency-set -g performance
env.scaling_driver          sets the clock; under some, performance is the only steady governor
env.scaling_min_khz         lower bound of the clock; raise it to the upper one for a fixed clock
env.scaling_max_khz         upper bound of the clock
env.turbo                   on: the clock depends on heat and neighbours; intel_pstate/no_turbo, cpufreq/boost
env.mhz_before              clock of CPU 0 when the run began; on some machines a constant
env.mhz_after               the same at its end; a fall means heat or power: cool, or fix the clock
env.calib_ns                a chain of 100000 steps before the run; two runs should agree within 3 %
env.throttle                times the core was slowed for heat meanwhile; better cooling
env.power_supply            battery: the clock is held down; plug the machine in
env.smt                     1: two threads share a core; keep siblings idle, or smt/control off
env.affinity                CPUs this run could use; taskset or --cpuset-cpus narrows it
env.isolated                CPUs kept free by isolcpus=; run there with taskset
env.nohz_full               CPUs without a timer tick; boot with nohz_full=
env.boot_parameters         those of the kernel that bear on speed
env.aslr                    2: addresses differ from start to start; repeated starts average over it
env.aslr_this_process       off under setarch -R: every start has the same, perhaps unlucky, layout
env.thp                     huge pages without asking; never costs page walks, madvise is enough
env.thp_defrag              whether the kernel makes room for them at once; madvise is enough
env.hugetlb_pages           reserved for --pages=hugetlb; sudo sysctl vm.nr_hugepages=N
env.anonhuge_kb             of our memory on huge pages at the end; 0: memory is fragmented, reboot
env.numa_nodes              memories; more than one: bind, or compare like with like
env.numa_balancing          1: the kernel moves pages meanwhile; sudo sysctl kernel.numa_balancing=0
env.mempolicy               where memory comes from; numactl sets it
env.loadavg                 programs running before us; find them with top, and wait
env.runnable                running and existing threads of the system at that moment
env.psi_cpu_pct             share of the run in which somebody waited for a CPU; stop the others
env.psi_memory_pct          the same for memory; free some
env.steal_pct               share the hypervisor gave to others; another hour, or a dedicated host
env.irq                     interrupts during the run; move them away with irqbalance or smp_affinity
env.softirq                 their second halves; network and disk traffic: stop it
env.ctxt                    context switches of this process
env.preempted               those it did not ask for: somebody else ran on its CPU
env.minor_faults            pages it touched first
env.major_faults            pages it had to wait for the disk for; free memory
env.cgroup_quota            CPUs a control group allows; run outside the container, or without --cpus
env.throttled_usec          time that quota stopped us
env.memory_bytes            memory of the machine
env.memory_available_bytes  of it free before the run
env.memory_limit_bytes      of the control group; larger cases are skipped
env.swap_bytes              swap space; sudo swapoff -a keeps pages in memory
env.swapped_pages           pages the system swapped meanwhile; free memory
env.clocksource             tsc is read in a few ns, others by a system call; clocksource=tsc
env.tsc                     whether its rate is constant; if not, times are not
env.clock_cost_ns           of one reading; short calls should be batched
env.clock_step_ns           smallest step of the clock
env.perf_paranoid           above 2 closes hardware counters; sudo sysctl kernel.perf_event_paranoid=2
env.pmu                     whether a hardware counter counts right; none in most virtual machines
env.ksm                     1: the kernel merges equal pages meanwhile; echo 0 > /sys/kernel/mm/ksm/run
env.watchdog                1: it interrupts, and holds a counter; sudo sysctl kernel.watchdog=0
env.mitigations             worked around at a cost, mostly of system calls; keep it between runs
env.vulnerable              left open, so without that cost
env.dmesg_new               kernel messages meanwhile; dmesg shows them
env.kernel                  its version; compare figures of equal ones
env.libc                    C library, whose memcpy and exp may be in the figures
env.compiler                that built this
env.build_type              release, or the figures mean little
env.flags                   of the compiler, from -Dc_args
env.sanitizer               none, or the figures mean nothing
env.text_hash               of the program's code; equal: nothing was changed
env.environ_bytes           size of the environment, which moves the stack; equal for both of a pair
env.argv0_bytes             length of the program's name, which does the same
env.stack_align             where the stack stood in its page
env.uptime_seconds          since boot; just after it, services are still busy
env.boot_id                 equal: no reboot between two runs
env.topology                packages, caches, cores as hwloc sees them
env.topology_source         what told it
env.packages                sockets: caches and memory are shared within each
env.cores                   cores; one thread each is our default
env.pus                     hardware threads
env.llc_bytes               last-level cache: smaller data, repeated, never meets the memory
env.cache_l1                size, line, ways and how many
env.cache_l2                the same of the second level
env.cache_l3                the same of the third
env.cache_l4                the same of the fourth
TEXT
}
if [ "${1-}" = --keys ]; then keys; exit 0; fi

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

# A limit of memory stops no thread, but cases above it are skipped.
memory=$(cat /sys/fs/cgroup/memory.max 2>/dev/null ||
  cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || echo unknown)
case $memory in
  unknown) unknown memory "no control group to read" ;;
  max | ????????????????*) good memory "no limit of a control group" ;;
  *) advise memory "a control group allows $((memory >> 20)) MiB; larger cases are skipped" \
    "run outside the container, or with a larger --memory" ;;
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

case $(value /proc/sys/kernel/watchdog) in
  1) advise watchdog "on: it interrupts every core and may hold a hardware counter" \
    "sudo sysctl kernel.watchdog=0" ;;
  0) good watchdog "off" ;;
  *) unknown watchdog "no switch to read" ;;
esac

mitigated=$(grep -ls '^Mitigation' /sys/devices/system/cpu/vulnerabilities/* 2>/dev/null |
  sed 's,.*/,,' | paste -sd' ')
case $mitigated in
  '') good mitigations "none in force, or none shown" ;;
  *) good mitigations "$mitigated; they cost system calls, not loops: keep them as they are" ;;
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
