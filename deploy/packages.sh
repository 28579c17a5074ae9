# The Debian packages that emrdrop needs, for Debian 12 and 13. Sourced, by
# deploy/demo.sh, tests/run.sh and tests/bench.
#
# shellcheck shell=bash
# shellcheck disable=SC2034 # the lists are used where this file is sourced

PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkgconf tzdata ca-certificates
	libssh2-1-dev libcsv-dev libcurl4-openssl-dev liblmdb-dev libinih-dev libsodium-dev
	liblz4-dev zlib1g-dev libarchive-dev libgpgme-dev gpg gpg-agent
	librabbitmq-dev libssl-dev libjansson-dev libpcre2-dev libmicrohttpd-dev libsqlite3-dev"

# For deploy/package.sh: dpkg-shlibdeps, and dpkg-deb's own.
PACKAGES_PACKAGE="dpkg-dev file"

# What the demo talks to, and looks at the result with.
PACKAGES_DEMO="openssh-server openssh-client openssl curl jq"

# clang-format-19 is in both releases; plain clang-format is not the same in both.
PACKAGES_TEST="$PACKAGES_DEMO $PACKAGES_PACKAGE libcriterion-dev proftpd-core proftpd-mod-crypto strace
	git python3 python3-paramiko clang-format-19 shellcheck mandoc gpgconf procps zip zstd
	fish zsh systemd python3-yaml
	rabbitmq-server python3-pika valgrind chromium"

# For tests/bench only.
PACKAGES_BENCH="$PACKAGES_DEMO python3 python3-paramiko python3-requests rclone"

# packages_missing NAME...: those that are not installed.
packages_missing() {
	local name

	for name in "$@"; do
		case $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) in
		*' installed') ;;
		*) echo "$name" ;;
		esac
	done
}

packages_as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "Missing packages: install them as root, or install sudo." >&2
		return 77
	fi
}

# Runs as root. The servers come for their programs alone: while packages are set up
# nothing may start a service, and what came new is not left to start at the next boot.
packages_apt() {
	local rc=0 policy=/usr/sbin/policy-rc.d ours=

	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && ours=$policy
	fi
	{
		apt-get update -qq &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
				--no-install-recommends "$@"
	} >/dev/null 2> >(grep -v '^debconf: delaying package configuration' >&2) || rc=$?
	[ -z "$ours" ] || rm -f "$ours"
	if command -v systemctl >/dev/null; then
		case " $* " in *' openssh-server '*) systemctl -q disable ssh.service ssh.socket ;; esac
		case " $* " in *' proftpd-core '*) systemctl -q disable proftpd.service ;; esac
		case " $* " in *' rabbitmq-server '*) systemctl -q disable rabbitmq-server.service epmd.socket ;; esac
	fi 2>/dev/null
	return "$rc"
}

# packages_install NAME...: installs what is missing, as root or through sudo.
packages_install() {
	local missing

	mapfile -t missing < <(packages_missing "$@")
	[ "${#missing[@]}" -eq 0 ] && return 0
	command -v apt-get >/dev/null || {
		echo "Missing packages, and no apt-get to install them: ${missing[*]}" >&2
		return 69
	}
	echo "Installing ${#missing[@]} packages: ${missing[*]}"
	packages_as_root bash -c "$(declare -f packages_apt); packages_apt \"\$@\"" apt \
		"${missing[@]}" || {
		echo "apt-get could not install them; its own words are above." >&2
		return 69
	}
}
