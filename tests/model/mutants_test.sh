#!/bin/bash
# Would the model see it? Each line of mutants.tsv breaks one rule in a copy of one file;
# the copy is linked in place of it, and histories are played until one fails.
#
#   tests/model/mutants_test.sh BUILD [HISTORIES [NAME]]
set -u

build=$(realpath "$1") || exit 64
histories=${2:-20000}
only=${3:-}
dir=$(mktemp -d) || exit 74
trap 'rm -rf "$dir"' EXIT
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
bad=0

read -ra cflags < <(pkg-config --cflags libsodium jansson libpcre2-8 lmdb | tr '\n' ' ')
read -ra libs < <(pkg-config --libs libsodium libcrypto libssh2 lmdb inih liblz4 zlib \
	jansson libpcre2-8 | tr '\n' ' ')
! grep -q '^EMRDROP_SANITIZE:BOOL=ON' "$build/CMakeCache.txt" ||
	libs+=(-fsanitize=address -fsanitize=undefined)
! grep -q '^CMAKE_BUILD_TYPE:STRING=Release' "$build/CMakeCache.txt" || libs+=(-flto=auto)

# make NAME FILE SCRIPT: the program, broken so.
make() {
	sed -E -e "$3" "$2" >"$dir/$1.c"
	! cmp -s "$2" "$dir/$1.c" || {
		echo "mutants: $1: nothing in $2 is changed by it"
		return 1
	}
	cc -std=c17 -O1 -D_GNU_SOURCE -I. "${cflags[@]}" -w -c "$dir/$1.c" -o "$dir/$1.o" &&
		cc -o "$dir/$1" -Wl,--whole-archive "$build/tests/model/libmodel.a" \
			-Wl,--no-whole-archive "$dir/$1.o" -Wl,--start-group \
			"$build"/{cmd/libjob,pollers/libpollers,mappers/libmappers}.a \
			"$build"/{outbound/liboutbound,state/libstate,base/libbase}.a \
			-Wl,--end-group "${libs[@]}" -lcsv
}

# try WANT NAME FILE SCRIPT
try() {
	local rc n=$histories

	[ "$1" = fails ] || n=$((n / 5))
	make "$2" "$3" "$4" || {
		bad=1
		return
	}
	ASAN_OPTIONS=detect_leaks=0 "$dir/$2" "$n" >"$dir/out" 2>&1
	rc=$?
	case $1:$rc in
	passes:0) echo "$2: passes" ;;
	fails:1)
		printf '%s: %s\n' "$2" "$(tail -n 1 "$dir/out")"
		grep -o 'seed [0-9]* fails' "$dir/out" | head -n 1
		;;
	*)
		echo "mutants: $2: exit $rc, and it $1"
		tail -n 3 "$dir/out"
		bad=1
		;;
	esac
	rm -f "$dir/$2"
}

while IFS=$'\t' read -r want name file script; do
	[[ $want == "#"* || -n $only && $name != "$only" ]] || try "$want" "$name" "$file" "$script"
done <tests/model/mutants.tsv
exit "$bad"
