#!/bin/bash
# What the shells offer behind `emrdrop`: each command and option that --help names, names
# of feeds, and files where a file is asked for; in bash, zsh and fish themselves.
#
#   tests/e2e/completion_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" fish zsh
PATH=$(dirname "$emrdrop"):$PATH
printf '[feed]\nname = alpha\n' >"$dir/etc/feeds.d/a.ini"
printf '[feed]\n\n[source]\nname = wrong\n' >"$dir/etc/feeds.d/beta.ini"
at="--config $dir/etc"

# Of what stands next, the words alone.
next() {
	sh deploy/completion/complete.sh "$@" | cut -f 1 | sort | paste -sd' '
}

# Line by line: what is typed, a bar, what is offered. The last word may be empty.
test_words() {
	local typed offered words

	while IFS='|' read -r typed offered; do
		read -ra words <<<"${typed//@/$at}"
		[[ $typed != *' ' ]] || words+=("")
		is "behind emrdrop $typed" "$offered" "$(next "${words[@]}")"
	done <<-'END'
		run @ |alpha beta
		@ run |alpha beta
		run @ alpha |alpha beta
		version @ |
		hold |approve discard list show
		hold show |
		ledger |compact export verify
		audit |verify
		files @ |alpha beta
		preview @ |alpha beta
		preview @ alpha |/files
		preview @ --row |
		preview @ --row 3 |alpha beta
		profile |/files
		init |
		init north |/files
		run --config |/files
		version --|--help --json --libraries
		preview --|--config --fields --help --json --row
		backfill --|--config --dry-run --from --help --json --to
		nonsense |
	END
}

# What --help names is offered, and nothing else.
test_commands() {
	local name

	is "commands" "$(emrdrop --help | awk '/^Options/ { exit } /^  [a-z]+ +[a-z`]/ { print $1 }' |
		sort | paste -sd' ')" "$(next '')"
	for name in $(next ''); do
		is "options of $name" "$({
			emrdrop "$name" --help | grep -oE -e '^  --[a-z-]+'
			emrdrop "$name" --help | sed '/^$/q' | grep -oE -e '--[a-z-]+ [A-Z]' | sed 's/ .$//'
			echo --help
		} | tr -d ' ' | sort -u | paste -sd' ')" "$(next "$name" -- | tr ' ' '\n' | sort -u | paste -sd' ')"
	done
}

# The shells' own files, with the helper of this tree.
install_here() {
	local file

	for file in emrdrop.bash _emrdrop emrdrop.fish; do
		sed "s|@COMPLETE@|$PWD/deploy/completion/complete.sh|" "deploy/completion/$file.in" \
			>"$dir/$file"
	done
}

# shellcheck disable=SC2317 # by its name
in_bash() {
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
		_emrdrop; printf "%s\n" "${COMPREPLY[@]}"' "$dir/emrdrop.bash" emrdrop "$@" |
		sort | paste -sd' '
}

# shellcheck disable=SC2317 # by its name
in_fish() {
	fish --no-config -c "source $dir/emrdrop.fish; complete -C 'emrdrop $*'" | cut -f 1 |
		sort | paste -sd' '
}

# Zsh's own functions, which need a terminal, are told by ours.
# shellcheck disable=SC2317 # by its name
in_zsh() {
	zsh -f -c '
		_describe() { print -l -- ${(P)2} }
		_files() { print -l -- $words[CURRENT]*(N) }
		words=(emrdrop "$@") CURRENT=$(($# + 1))
		() { . $1 } '"'$dir/_emrdrop'" zsh "$@" |
		cut -d : -f 1 | grep -e "^${*: -1}" | sort | paste -sd' '
}

test_shells() {
	local shell

	install_here
	touch "$dir/sample.csv"
	for shell in bash fish zsh; do
		is "$shell: commands with re" "report resume retry" "$("in_$shell" re)"
		# shellcheck disable=SC2086 # two words
		is "$shell: feeds" "alpha" "$("in_$shell" run $at al)"
		# shellcheck disable=SC2086
		is "$shell: files" "$dir/sample.csv" "$("in_$shell" preview $at alpha "$dir/sam")"
		is "$shell: options" "--dry-run" "$("in_$shell" run --d)"
	done
}

test_words
test_commands
test_shells
e2e_end
