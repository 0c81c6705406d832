#!/bin/sh
# Makes one part of a result, in an array job of AWS Batch: docs/scale.md.
#
#   batch-part.sh s3://RESULTS/QUESTION SIZE [COMMAND] [OPTIONS]
#
# SIZE is that of the array. Reads the list QUESTION/shards/shard-N-of-SIZE.txt and writes
# QUESTION/parts/part-N-of-SIZE.part. An attempt that fails leaves no part.
set -eu
place=$1
size=$2
shift 2

number=$(printf "%0${#size}d-of-%d" $((AWS_BATCH_JOB_ARRAY_INDEX + 1)) "$size")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
aws s3 cp --only-show-errors "$place/shards/shard-$number.txt" "$folder/list"
code=0
trail2tsv "$@" --keys-from "$folder/list" --partial "$folder/part" || code=$?
case $code in
    # With 3, something could not be read: trail2tsv merge says what, and ends with 3 too.
    0 | 3) aws s3 cp --only-show-errors "$folder/part" "$place/parts/part-$number.part" ;;
    *) exit "$code" ;;
esac
