# SPDX-License-Identifier: Apache-2.0
"""Writes the suites given as arguments into one C table: embed.py OUT.c SUITE.sweep...

Characters go in as numbers: a C11 compiler need not take string literals beyond 4095 bytes.
"""
import pathlib
import sys

out, paths = sys.argv[1], sorted(pathlib.Path(p) for p in sys.argv[2:])
names = [p.stem for p in paths]
c = ['/* Generated from bench/suites; edit there. */', '#include "bench/cases/sweep.h"', '']
for name, path in zip(names, paths):
    numbers = [str(b) for b in path.read_bytes()] + ['0']
    rows = [', '.join(numbers[i:i + 20]) for i in range(0, len(numbers), 20)]
    c += [f'static const char {name}_text[] = {{', *(f'    {row},' for row in rows), '};', '']
c += ['const struct attn_suite attn_suites[] = {']
c += [f'    {{"{name}", {name}_text}},' for name in names]
c += ['};', f'const size_t attn_suite_count = {len(names)};', '']
pathlib.Path(out).write_text('\n'.join(c))
