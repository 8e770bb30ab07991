#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Plot files as C: an array of bytes each and the table of them, so that one copied executable
# draws by itself. Arrays, because string literals of this length are beyond what ISO C promises.
set -eu
export LC_ALL=C

bytes() {
  od -An -v -tx1 "$1" | sed 's/ *$//; s/ \(..\)/\x27\\x\1\x27,/g'
  printf "'%s'\n" '\0'
}

echo '/* Made from the files of analysis/plots by embed.sh. */'
echo '#include "analysis/report/figure.h"'
table=
for file in "$@"; do
  name=$(basename "$file" .gp)
  symbol=plot_$(printf %s "$name" | tr -c 'a-zA-Z0-9' _)
  echo "static const char $symbol[] = {"
  bytes "$file"
  echo '};'
  if [ "$name" = style ]; then
    echo "const char *const rep_style = $symbol;"
  else
    table="$table    {\"$name\", $symbol},
"
  fi
done
printf 'const struct rep_plot rep_plots[] = {\n%s};\n' "$table"
echo 'const size_t rep_plot_count = sizeof(rep_plots) / sizeof(*rep_plots);'
