#!/bin/bash
# What --help prints, and what hangs on it. Each command's help is as it was looked at
# last, has at most 24 lines and two examples, and names the very options that the command
# takes. Pages of the manual and completions are made of it.
#
#   tests/e2e/help_test.sh BUILD_DIR
#   tests/e2e/help_test.sh BUILD_DIR --write     after a change that is meant
set -u
. tests/e2e/lib.sh

e2e_init "$1"
build=$1
texts=tests/e2e/help
tool=$emrdrop
mapfile -t commands < <("$tool" --help | sed -n '/^Options/q; s/^  \([a-z][a-z]*\)  .*/\1/p')
ok "there are commands" [ "${#commands[@]}" -gt 10 ]

if [ "${2:-}" = --write ]; then
	rm -f "$texts"/*.txt
	"$tool" --help >"$texts/emrdrop.txt"
	for name in "${commands[@]}"; do
		"$tool" "$name" --help >"$texts/$name.txt"
	done
	git diff --stat -- "$texts"
	exit
fi

# as_seen NAME: what is in $dir/out is in the tree.
as_seen() {
	diff -u "$texts/$1.txt" "$dir/out" && return
	echo "FAIL the help of $1 is another; if that is meant: tests/e2e/help_test.sh $build --write"
	failures=$((failures + 1))
}

test_texts() {
	local name

	run 0 --help
	as_seen emrdrop
	for name in "${commands[@]}"; do
		run 0 "$name" --help
		as_seen "$name"
		ok "$name: lines" [ "$(wc -l <"$dir/out")" -le 24 ]
		ok "$name: examples" [ "$(sed '1,/^Examples:/d' "$dir/out" | grep -c '^  .*emrdrop ')" -ge 2 ]
		ok "$name: its width" [ "$(awk '{ print length }' "$dir/out" | sort -n | tail -1)" -le 90 ]
	done
	is "texts of commands that are no more" "$(printf '%s\n' emrdrop "${commands[@]}" | sort)" \
		"$(basename -s .txt -a "$texts"/*.txt | sort)"
}

# Options are asked for where another mistake ends the command.
test_options() {
	local all name option taken

	all=$(grep -ho -e '--[a-z][a-z-]*' "$texts"/*.txt | sort -u)
	for name in "${commands[@]}"; do
		for option in $all; do
			case $option in --help | --json | --config) continue ;; esac
			taken=yes
			"$emrdrop" --config "$dir/none" "$name" "$option" 1 2 3 4 5 6 >"$dir/out" 2>"$dir/err" </dev/null
			grep -qF "\`$option\` is no option of" "$dir/err" && taken=no
			case $(grep -c -e "$option\b" "$texts/$name.txt") in
			0) is "emrdrop $name $option, of which its help says nothing" no "$taken" ;;
			*) # Of other commands a help may speak.
				grep -q -e "^  $option\b\|^emrdrop.* $option\b" "$texts/$name.txt" || continue
				is "emrdrop $name $option" yes "$taken"
				;;
			esac
		done
	done
}

test_pages() {
	local name

	for name in "${commands[@]}"; do
		ok "a page of $name" [ -s "$build/deploy/man/emrdrop-$name.1" ]
		has "emrdrop(1) names $name" "$build/deploy/man/emrdrop.1" ".Xr emrdrop-$name 1"
	done
	for name in deploy/man/commands/*.mdoc; do
		has "prose of $name" "$build/deploy/man/emrdrop-$(basename "$name" .mdoc).1" \
			"$(grep -v '^\.' "$name" | head -n 1)"
	done
}

test_texts
test_options
test_pages
e2e_end
