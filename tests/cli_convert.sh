#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# attn-stat convert from outside: a checkpoint many times larger than the memory it may use, what
# a killed run leaves behind, and one clear line for what it cannot do. Argument: attn-stat.
set -uo pipefail
export LC_ALL=C

stat=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() { # what
  echo "FAIL: $*"
  failures=$((failures + 1))
}

refuses() { # text, arguments of attn-stat convert
  local text=$1 code
  shift
  "$stat" convert "$@" >"$work/out" 2>"$work/err"
  code=$?
  [ "$code" = 2 ] || fail "convert $*: status $code"
  [ -s "$work/out" ] && fail "convert $*: wrote to stdout"
  [ "$(wc -l <"$work/err")" = 1 ] || fail "convert $*: $(cat "$work/err")"
  grep -qF -- "$text" "$work/err" || fail "convert $*: $(cat "$work/err") lacks '$text'"
}

little_endian() { # number: its 8 bytes
  local n=$1 i text=
  for ((i = 0; i < 8; i++, n >>= 8)); do
    text+=$(printf '\\x%02x' $((n & 255)))
  done
  # shellcheck disable=SC2059  # the escapes are the text
  printf "$text"
}

with_header() { # file, bytes of data (zeros), JSON
  { little_endian ${#3}; printf '%s' "$3"; } >"$1"
  truncate -s +"$2" "$1"
}

# 16 heads of 32 in 12 layers of four 1 MB projections: 48 MB.
json= at=0
for ((layer = 0; layer < 12; layer++)); do
  for part in q k v o; do
    json+=",\"model.layers.$layer.self_attn.${part}_proj.weight\":"
    json+="{\"dtype\":\"F32\",\"shape\":[512,512],\"data_offsets\":[$at,$((at + 1048576))]}"
    at=$((at + 1048576))
  done
done
mkdir "$work/model"
with_header "$work/model/model.safetensors" $at "{${json:1}}"
card='{"model_type": "llama", "num_hidden_layers": 12, "hidden_size": 512,'
card+=' "num_attention_heads": 16, "rms_norm_eps": 1e-05}'
echo "$card" >"$work/model/config.json"

mkdir "$work/small"
if (ulimit -v 24576 && "$stat" --version) >/dev/null 2>&1; then
  (ulimit -v 24576 && "$stat" convert "$work/model" --kv_heads=4 -o "$work/small/c.safetensors") \
    >"$work/out" 2>&1 || fail "in 24 MB of memory: $(cat "$work/out")"
else
  "$stat" convert "$work/model" --kv_heads=4 -o "$work/small/c.safetensors" >"$work/out" 2>&1 ||
    fail "$(cat "$work/out")"
fi
# 24 of 48 MB were K and V, of which a quarter is left.
data=$(($(wc -c <"$work/small/c.safetensors") - 31457280))
[ $data -gt 0 ] && [ $data -lt 8192 ] || fail "the converted file is of another size: $data"
grep -q '"num_key_value_heads": 4' "$work/small/config.json" || fail "config.json is not rewritten"
grep -q '"rms_norm_eps": 1e-5' "$work/small/config.json" || fail "config.json changed elsewhere"
"$stat" kv --model="$work/small" --format=csv | grep ',16,4,32,' >/dev/null ||
  fail "kv reads another shape: $("$stat" kv --model="$work/small" --format=csv)"

# What a tokenizer needs goes along, byte for byte, and never over what is there.
side=(tokenizer.json tokenizer.model tokenizer_config.json special_tokens_map.json
  generation_config.json vocab.json merges.txt)
for name in "${side[@]}"; do
  head -c 40000 /dev/urandom >"$work/model/$name"
done
mkdir "$work/along"
echo mine >"$work/along/merges.txt"
"$stat" convert "$work/model" --kv_heads=4 -o "$work/along/model.safetensors" >"$work/out" 2>&1 ||
  fail "$(cat "$work/out")"
for name in "${side[@]:0:6}"; do
  cmp -s "$work/model/$name" "$work/along/$name" || fail "$name is not beside the converted file"
done
[ "$(cat "$work/along/merges.txt")" = mine ] || fail "a file of another took the place of mine"
[ -e "$work/along/added_tokens.json" ] && fail "a file out of nothing"
mkdir "$work/foreign"
echo '{"model_type": "llama", "vocab_size": 7}' >"$work/foreign/config.json"
"$stat" convert "$work/model" --kv_heads=4 -o "$work/foreign/c.safetensors" >"$work/out" 2>&1 ||
  fail "$(cat "$work/out")"
[ -e "$work/foreign/tokenizer.json" ] && fail "a tokenizer beside another model"
for name in "${side[@]}"; do
  rm "$work/model/$name"
done

# A script's background jobs ignore SIGINT, and what they run keeps to that unless it is undone.
cut_short() { # signal, seconds until it comes
  local signal=$1 delay=$2 job code left
  mkdir "$work/killed"
  env --default-signal=INT "$stat" convert "$work/model" --kv_heads=2 \
    -o "$work/killed/c.safetensors" >/dev/null 2>"$work/err" &
  job=$!
  sleep "$delay"
  kill -"$signal" $job 2>/dev/null
  wait $job 2>/dev/null
  code=$?
  left=$(find "$work/killed" -type f)
  if [ $code = 0 ]; then
    "$stat" convert "$work/killed/c.safetensors" --heads=16 --similarity >"$work/out" 2>&1 ||
      fail "finished before SIG$signal, but: $(cat "$work/out")"
  elif [ $code != $((128 + $(kill -l "$signal"))) ]; then
    fail "SIG$signal after $delay s: status $code: $(cat "$work/err")"
  elif [ "$signal" = KILL ]; then
    amid=$((amid + 1))
    [ ! -e "$work/killed/c.safetensors" ] ||
      "$stat" convert "$work/killed/c.safetensors" --heads=16 --similarity >"$work/out" 2>&1 ||
      fail "SIG$signal after $delay s left a half file: $(cat "$work/out")"
  else
    grep -q 'interrupted; nothing was written' "$work/err" && amid=$((amid + 1))
    [ -z "$left" ] || fail "SIG$signal after $delay s left $left"
  fi
  rm -r "$work/killed"
}

for signal in INT TERM KILL; do
  amid=0
  for delay in 0.005 0.01 0.02 0.03 0.05 0.08; do
    cut_short $signal $delay
  done
  [ $amid -gt 0 ] || fail "no SIG$signal came while a checkpoint was written"
done

entry() { echo "\"$1\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[$2,$3]}"; }
bad=$work/bad.safetensors
with_header "$bad" 8 "{$(entry a 0 4),$(entry a 4 8)}"
refuses 'duplicate' "$bad" --kv_heads=1 --heads=2 -o "$work/never"
with_header "$bad" 6 "{$(entry a 0 4),$(entry b 2 6)}"
refuses 'a and b overlap' "$bad" --kv_heads=1 --heads=2 -o "$work/never"
with_header "$bad" 4 "{$(entry a 0 9223372036854775804)}"
refuses 'a ends at byte 9223372036854775804' "$bad" --kv_heads=1 --heads=2 -o "$work/never"
with_header "$bad" 4 "{$(entry a 0 9223372036854775808)}"
refuses 'too big integer' "$bad" --kv_heads=1 --heads=2 -o "$work/never"
{ little_endian 9223372036854775807; printf '{}'; } >"$bad"
refuses 'its header would be 9223372036854775807 bytes long' "$bad" --kv_heads=1 -o "$work/never"
with_header "$bad" 4 "{\"__metadata__\":{\"step\":7},$(entry a 0 4)}"
refuses 'step of __metadata__ is no text' "$bad" --kv_heads=1 --heads=2 -o "$work/never"
with_header "$bad" 4 "{$(entry a 0 4)}"
refuses 'no attention under the names' "$bad" --kv_heads=1 --heads=2 -o "$work/never"
refuses 'give the number of query heads with --heads' "$bad" --kv_heads=1 -o "$work/never"
refuses '--kv_heads=3 must divide the 16 KV heads' "$work/model" --kv_heads=3 -o "$work/never"
refuses 'has 16 KV heads already' "$work/model" --kv_heads=16 -o "$work/never"
refuses 'did you mean first?' "$work/model" --kv_heads=4 --method=frist -o "$work/never"
refuses 'needs --kv_heads' "$work/model" -o "$work/never"
refuses 'needs -o' "$work/model" --kv_heads=4
refuses 'would overwrite' "$work/model" --kv_heads=4 -o "$work/model/model.safetensors"
refuses 'not a regular file' "$work/model" --kv_heads=4 -o /dev/full
refuses 'No such file' "$work/model" --kv_heads=4 -o "$work/no/such/place"
echo '{"weight_map": {"a": "gone.safetensors"}}' >"$work/model.safetensors.index.json"
refuses 'gone.safetensors: No such file' "$work/model.safetensors.index.json" --kv_heads=4 \
  -o "$work/never"
mkdir "$work/sharded"
json= map= at=0
for part in q k v o; do
  name=model.layers.0.self_attn.${part}_proj.weight
  json+=",\"$name\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[$at,$((at += 16))]}"
  map+=",\"$name\":\"a.safetensors\""
done
with_header "$work/sharded/a.safetensors" $at "{${json:1}}"
echo "{\"weight_map\":{${map:1}}}" >"$work/sharded/model.safetensors.index.json"
echo '{"model_type": "llama", "num_attention_heads": 2, "num_hidden_layers": 1, "hidden_size": 2}' \
  >"$work/sharded/config.json"
echo new >"$work/sharded/tokenizer.json"
mkdir "$work/whole"
echo old >"$work/whole/tokenizer.json"
"$stat" convert "$work/sharded" --kv_heads=1 -o "$work/whole" >"$work/out" 2>&1 &&
  cmp -s "$work/sharded/tokenizer.json" "$work/whole/tokenizer.json" ||
  fail "a folder of shards without its tokenizer: $(cat "$work/out")"
rm "$work/sharded/config.json" "$work/sharded/tokenizer.json"
refuses 'has several files; give a folder' "$work/sharded" --heads=2 --kv_heads=1 \
  -o "$work/never.safetensors"
[ -e "$work/never.safetensors" ] && fail "a folder with the name of a file was made"
"$stat" convert "$work/sharded" --heads=2 --kv_heads=1 -o "$work/shared" >"$work/out" 2>&1 ||
  fail "a folder for a sharded checkpoint: $(cat "$work/out")"
"$stat" convert "$work/shared" --heads=2 --similarity >"$work/out" 2>&1 ||
  fail "a converted folder: $(cat "$work/out")"
exec 9<"$work/shared" && flock 9
refuses 'another conversion writes there' "$work/sharded" --heads=2 --kv_heads=1 -o "$work/shared"
exec 9<&-
# As an interrupted conversion leaves it: index removed first, written last.
rm "$work/shared/model.safetensors.index.json"
refuses 'shared: holds shards and no model.safetensors.index.json: copied in part, or a conversion' \
  "$work/shared" --heads=2 --kv_heads=1 -o "$work/never"
"$stat" convert "$work/sharded" --heads=2 --kv_heads=1 -o "$work/shared" >"$work/out" 2>&1 &&
  "$stat" convert "$work/shared" --heads=2 --similarity >"$work/out" 2>&1 ||
  fail "a second conversion into the same folder: $(cat "$work/out")"
left=$(find "$work/shared" -name '.*' -type f)
[ -z "$left" ] || fail "left behind: $left"
# Outputs that are inputs by another name, that share a name, or where something else is.
shards=$(cd "$work/sharded" && cat -- *.safetensors *.json | cksum)
mkdir "$work/linked" "$work/named" "$work/pipe"
for shard in "$work/sharded"/*.safetensors; do
  ln -s "../sharded/${shard##*/}" "$work/linked"
done
refuses 'it is part of what is converted' "$work/sharded" --heads=2 --kv_heads=1 -o "$work/linked"
rm "$work/linked"/*
ln -s ../sharded/model.safetensors.index.json "$work/linked"
refuses 'it is part of what is converted' "$work/sharded" --heads=2 --kv_heads=1 -o "$work/linked"
[ "$(cd "$work/sharded" && cat -- *.safetensors *.json | cksum)" = "$shards" ] ||
  fail "a link in the output's folder led to the input"
refuses 'another file of the output has that name' "$work/model" --kv_heads=4 \
  -o "$work/named/config.json"
(cd "$work/named" && refuses 'another file of the output has that name' ../model --kv_heads=4 \
  -o config.json; exit $failures) || failures=$((failures + 1))
refuses 'it is part of what is converted' "$work/model/model.safetensors" --kv_heads=4 \
  -o "$work/model/config.json"
[ -z "$(ls -A "$work/named")" ] || fail "written: $(ls -A "$work/named")"
mkfifo "$work/pipe/config.json"
timeout 20 "$stat" convert "$work/model" --kv_heads=4 -o "$work/pipe/c.safetensors" \
  >"$work/out" 2>&1 || fail "beside a pipe: $? $(cat "$work/out")"
ln "$work/model/model.safetensors" "$work/pipe"
refuses 'not a regular file' "$work/pipe" --kv_heads=4 -o "$work/never"

(ulimit -f 1000 && refuses 'File too large' "$work/model" --kv_heads=4 -o "$work/never"
  exit $failures) || failures=$((failures + 1))
[ -e "$work/never" ] && fail "something was written"
left=$(find "$work" -maxdepth 1 -name '.*' -type f)
[ -z "$left" ] || fail "left behind: $left"

[ "$failures" = 0 ] && echo "all as promised"
exit $((failures > 0))
