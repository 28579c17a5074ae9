# What the tests of packed files share. Sourced behind tests/e2e/lib.sh, after e2e_init:
#
#   . tests/lib/packed.sh
#   packed_make [archives]     # the files of packed.py in $dir/packed
#
# shellcheck shell=bash
# shellcheck disable=SC2154 # dir is e2e_init's

packed_make() {
	mkdir -m 700 "$dir/packed" "$dir/tmp"
	export TMPDIR=$dir/tmp
	python3 tests/lib/packed.py "$dir/packed" "$@" || exit 1
}

# packed [LINE...]: the feed, with these lines as its [unpack].
packed() {
	simple -e 's|^pattern .*|pattern = *|' -e "\$a [unpack]" "${@/#/-e\$a }"
}

fresh() {
	# shellcheck disable=SC2119 # as it is
	api_fresh
	rm -rf "$dir/state" "$dir"/drop/*
	packed "$@"
}

# drop NAME...: of what was packed, in this order, under names that say nothing.
drop() {
	local name n=0

	for name; do
		n=$((n + 1))
		cp "$dir/packed/$name" "$dir/drop/$(printf %02d.csv "$n")"
	done
}

# verdicts: of all files of the last run.
verdicts() {
	jq -r '.feeds[0].files[].verdict' "$dir/out" | paste -sd' '
}

reasons() {
	local n=0 text

	for text; do
		is "reason $n holds \"$text\"" true \
			"$(report ".feeds[0].files[$n].reason // \"\" | contains(\"$text\")")"
		n=$((n + 1))
	done
}

# What the last run held.
approve() {
	run 0 hold approve "$(report '.feeds[0].files[0].file' | tr -d '"')"
}

# For `simple`: its files are the whole truth of the appointments.
# shellcheck disable=SC2034 # for those who source this
snapshot=(-e "/^source  *= simple/a contents = snapshot"
	-e "/^\[appointment\]/a on_missing = cancel" -e 's|^pattern .*|pattern = *|')

cancelled() {
	api_curl state | jq -c '[.records[] | select(.data.status == "cancelled") | .id] | sort'
}
