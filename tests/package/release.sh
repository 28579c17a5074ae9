#!/bin/bash
# The Debian packages, in a Debian release of their own: built there, judged by lintian,
# installed in a root that has nothing else, used as the README says, upgraded, removed and
# purged. And the image, made of that package. By hand, as root:
#
#   tests/package/release.sh bookworm|trixie [FOLDER]
#
# UNTUNED=1 builds in half the time. FOLDER, build/roots otherwise, keeps the bare roots between calls. EMRDROP_MIRROR is where
# they come from; otherwise it is where this machine's packages come from. Ends with 77 if
# root or debootstrap is missing.
#
# shellcheck disable=SC2016 # what others read
set -u -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 74
. deploy/packages.sh
release=${1:?bookworm or trixie}
roots=$(realpath -m "${2:-build/roots}")
failures=0
for tool in debootstrap unshare dpkg-deb; do
	command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done
[ "$(id -u)" -eq 0 ] || { echo "skipped: not root"; exit 77; }
# All mounts go with this process.
[ -n "${EMRDROP_UNSHARED:-}" ] || EMRDROP_UNSHARED=1 exec unshare --mount --propagation private \
	"${BASH_SOURCE[0]}" "$release" "$roots"
mirror=${EMRDROP_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
	grep '/debian/\{0,1\}$' | head -n 1)}

say() {
	printf '== %s\n' "$*"
}

stop() {
	echo "FAIL $*"
	exit 1
}

# is WHAT EXPECTED GOT
is() {
	[ "$2" = "$3" ] && return
	printf 'FAIL %s\n  expected %s\n  got      %s\n' "$1" "$2" "$3"
	failures=$((failures + 1))
}

# ok WHAT COMMAND...
ok() {
	local what=$1

	shift
	"$@" && return
	printf 'FAIL %s\n  %s\n' "$what" "$*"
	failures=$((failures + 1))
}

# bare NAME: a root with nothing but Debian's smallest system.
bare() {
	root=$roots/$1
	umount -q "$root/proc" "$root/dev" 2>/dev/null
	rm -rf "$root"
	cp -a "$roots/$release" "$root"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
}

# in COMMAND...: in the root.
in_root() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}

apt() {
	in_root apt-get -qq -y --no-install-recommends "$@" >"$roots/apt.log" 2>&1 && return
	tail -n 20 "$roots/apt.log"
	stop "apt-get $*"
}

build() {
	bare "$release-build"
	apt update
	# shellcheck disable=SC2086 # lists of words
	apt install $PACKAGES_BUILD $PACKAGES_PACKAGE lintian
	mkdir "$root/src"
	git ls-files -co --exclude-standard | tar -cf - -T - | tar -C "$root/src" -xf -
	in_root env UNTUNED="${UNTUNED:-}" /src/deploy/package.sh >"$roots/build.log" 2>&1 || {
		tail -n 20 "$roots/build.log"
		stop "deploy/package.sh"
	}
	rm -rf "$roots/packages"
	mkdir "$roots/packages"
	cp "$root"/src/build/package/*.deb "$roots/packages"
	# Its checks of spelling and of sections are about Debian's archive.
	in_root sh -c 'lintian --allow-root --fail-on error,warning /src/build/package/*.deb' ||
		stop "lintian"
}

# newer PACKAGE: the same with a higher version and another conffile.
newer() {
	dpkg-deb -R "$1" "$roots/newer"
	sed -i 's/^Version: .*/Version: 99/' "$roots/newer/DEBIAN/control"
	echo "# a newer default" >>"$roots/newer/etc/emrdrop/emrdrop.ini"
	dpkg-deb --root-owner-group -b "$roots/newer" "$roots/packages/newer.deb" >/dev/null
	rm -rf "$roots/newer"
}

# The commands that the README gives behind the installation, as they stand there.
first_sample() {
	local command n=0

	while IFS= read -r command; do
		n=$((n + 1))
		in_root sh -c "$command" >"$roots/out" 2>&1 || {
			cat "$roots/out"
			stop "$command"
		}
	done < <(sed -n '/^## From the package/,/^## /s/^    //p' README.md | grep -v '^apt ')
	ok "at most five commands, and not none: $n" [ "$n" -ge 3 -a "$n" -le 5 ]
	is "records of the sample" 24 "$(grep -c '^{"op":' "$roots/out")"
	echo "   $n commands to a first validated sample"
}

# Feeds extend the maps that were installed, by name.
maps() {
	mkdir -p "$root/tmp/hl7/feeds.d"
	sed -e '/^extends/s/=.*/= hl7-siu.ini/' fixtures/hl7/clinic.ini >"$root/tmp/hl7/feeds.d/clinic.ini"
	cp fixtures/hl7/sample.hl7 "$root/tmp/hl7"
	is "records of a map that is installed" 2 "$(in_root emrdrop --config /tmp/hl7 preview clinic \
		/tmp/hl7/sample.hl7 2>/dev/null | grep -c '"type":"appointment"')"
}

installed() {
	local file

	is "the state folder" "700 emrdrop:emrdrop" "$(in_root stat -c '%a %U:%G' /var/lib/emrdrop)"
	is "the reports' folder" "750 emrdrop:emrdrop" "$(in_root stat -c '%a %U:%G' /var/log/emrdrop)"
	is "the keys' folder" "700 emrdrop:emrdrop" "$(in_root stat -c '%a %U:%G' /etc/emrdrop/keys)"
	is "feeds.d" "755 root:root" "$(in_root stat -c '%a %U:%G' /etc/emrdrop/feeds.d)"
	is "the user's shell" /usr/sbin/nologin "$(in_root getent passwd emrdrop | cut -d: -f7)"
	for file in /usr/bin/emrdrop /usr/bin/emrdrop-sandbox \
		/usr/share/bash-completion/completions/emrdrop \
		/usr/share/zsh/vendor-completions/_emrdrop \
		/usr/share/fish/vendor_completions.d/emrdrop.fish \
		/usr/lib/systemd/system/emrdrop@.service /usr/lib/systemd/system/emrdrop@.timer \
		/usr/lib/systemd/system/emrdrop-arrivals.service \
		/usr/lib/systemd/system/emrdrop-arrivals.timer; do
		ok "$file" [ -s "$root$file" ]
	done
	in_root emrdrop version >/dev/null || stop "emrdrop version"
	is "the units" "" "$(in_root systemd-analyze verify /usr/lib/systemd/system/emrdrop@.timer \
		/usr/lib/systemd/system/emrdrop-arrivals.timer 2>&1 |
		grep -v 'man\|Cannot open\|SYSTEMD_LOG' | head -n 3)"
}

# A run as the package's user, from a folder to the sandbox of the other package.
delivers() {
	in_root sh -ec '
		install -d -o emrdrop /tmp/drop
		sed -n "1,3p" /usr/share/doc/emrdrop/examples/visits.csv >/tmp/drop/visits.csv
		(umask 077 && echo token >/etc/emrdrop/keys/token && chown emrdrop /etc/emrdrop/keys/token)
		cat >/etc/emrdrop/feeds.d/here.ini <<-END
			[feed]
			timezone = America/Chicago
			[source]
			url = file:///tmp/drop
			pattern = *.csv
			stable_for = 0
			after = archive:/tmp/drop/done
			[patient]
			id = {MRN}
			name.family = {Last Name}
			[target]
			url = http://127.0.0.1:18472/v1/batches
			token_file = /etc/emrdrop/keys/token
		END
		mv /etc/emrdrop/feeds.d/northside.ini /tmp
		emrdrop-sandbox --db /tmp/api.db --token-file /etc/emrdrop/keys/token --port 18472 \
			--port-file /tmp/port >/tmp/sandbox.log 2>&1 &
		sandbox=$!
		trap "kill $sandbox" EXIT
		timeout 60 sh -c "until [ -s /tmp/port ]; do :; done"
		runuser -u emrdrop -- emrdrop run
		runuser -u emrdrop -- emrdrop ledger verify
	' >"$roots/out" 2>&1 || {
		cat "$roots/out"
		stop "a run in the root"
	}
	ok "two patients were delivered" grep -q '2 delivered\|delivered=2' "$roots/out"
	ok "the file was archived" sh -c "ls '$root'/tmp/drop/done/*visits.csv >/dev/null"
}

# asks FOR STATUS: a worker's end without a broker, and what it says.
asks() {
	in_root runuser -u emrdrop -- emrdrop --config /tmp/events trigger --drain \
		--amqp amqps://emrdrop@127.0.0.1:1/ >"$roots/out" 2>&1
	is "how a worker ends" "$2" $?
	ok "it says: $1" grep -qF "$1" "$roots/out"
}

# librabbitmq is recommended alone: who has no queue needs none, and who has one is told.
events() {
	in_root sh -ec '
		mkdir -p /tmp/events/feeds.d
		cp /etc/emrdrop/feeds.d/here.ini /tmp/events/feeds.d
		printf "[trigger]\nqueue = q\ndead_letter = d\npassword_file = /etc/emrdrop/keys/token\n" \
			>/tmp/events/emrdrop.ini'
	asks "install the package librabbitmq4" 78
	apt install librabbitmq4
	asks "broker 127.0.0.1:1: " 74
}

# in_system COMMAND...: in the system that `boot` started.
in_system() {
	nsenter -t "$init" -m -p -u -i -C env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

# A control group of our own, whatever this machine has for its services: systemd of Debian 13
# takes no other than those of version 2.
own_cgroup() {
	mkdir -p "$roots/cgroup"
	mount -t cgroup2 cgroup2 "$roots/cgroup" && mkdir "$roots/cgroup/emrdrop-release.$$"
}

# systemd as the first process of the root, in namespaces of its own.
boot() {
	local i

	own_cgroup || return 1
	EMRDROP_ROOT=$root setsid bash -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' \
		"$roots/cgroup/emrdrop-release.$$" \
		unshare --mount --pid --fork --kill-child --uts --ipc --cgroup bash -ec '
		cd "$EMRDROP_ROOT"
		mount --bind . .
		cd "$EMRDROP_ROOT"
		mount -t proc proc proc
		mount --rbind /sys sys
		mount -t cgroup2 cgroup2 sys/fs/cgroup
		for dir in run tmp dev; do
			mount -t tmpfs tmpfs "$dir"
		done
		for node in null zero full random urandom tty; do
			: >"dev/$node"
			mount --bind "/dev/$node" "dev/$node"
		done
		mkdir -p dev/pts dev/shm old
		mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666
		ln -s pts/ptmx dev/ptmx
		pivot_root . old
		umount -l /old
		exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			/lib/systemd/systemd --log-target=null' >"$roots/boot.log" 2>&1 &
	unshared=$!
	trap 'kill -KILL "$unshared" 2>/dev/null' EXIT
	for ((i = 0; i < 300; i++)); do
		# Degraded is all that a system without a kernel of its own comes to.
		init=$(pgrep -P "$unshared" -x systemd) &&
			case $(in_system systemctl is-system-running 2>/dev/null) in
			running | degraded) return 0 ;;
			esac
		read -r -t 0.2 <> <(:)
	done
	return 1
}

# halt: ends the system, and what is left of its control group.
halt() {
	kill -KILL "$unshared"
	wait "$unshared" 2>/dev/null
	until grep -q '^populated 0' "$roots/cgroup/emrdrop-release.$$/cgroup.events"; do
		read -r -t 0.05 <> <(:)
	done
	find "$roots/cgroup/emrdrop-release.$$" -depth -type d -exec rmdir {} + 2>/dev/null
	umount "$roots/cgroup"
}

# feed NAME URL PATTERN LINES: one whose API is the sandbox behind the unit.
feed() {
	cat >"$root/etc/emrdrop/feeds.d/$1.ini" <<-END
		[feed]
		timezone = America/Chicago
		[source]
		url = $2
		pattern = $3
		stable_for = 0
		after = archive:/srv/$1/done
		feedback = /srv/$1/receipts
		$4
		[patient]
		id = {MRN} | replace /^0+(\d+)\$/ \$1
		name.family = {Last Name}
		[target]
		url = http://127.0.0.1:18473/v1/batches
		token_file = /etc/emrdrop/keys/token
	END
}

# What is packed and encrypted, and needs every library, in a folder of this machine.
hard_feed() {
	feed hard file:///srv/hard '*.zip *.pgp' "[unpack]
pgp = decrypt
keyring = /etc/emrdrop/keys/pgp"
	in_root sh -ec '
		install -d -o emrdrop /srv/hard
		runuser -u emrdrop -- mkdir -m 700 /etc/emrdrop/keys/pgp
		cd /srv/hard
		sed -n "1p;5p;7p" /usr/share/doc/emrdrop/examples/visits.csv >/tmp/b.csv
		sed -n "1,3p" /usr/share/doc/emrdrop/examples/visits.csv >/tmp/a.csv
		zip -qj a.zip /tmp/a.csv
		export GNUPGHOME=/etc/emrdrop/keys/pgp
		runuser -u emrdrop -- gpg --batch --quiet --passphrase "" --quick-generate-key us@example.org
		runuser -u emrdrop -- gpg --batch --quiet --trust-model always -r us@example.org -o - -e \
			</tmp/b.csv >b.pgp
		runuser -u emrdrop -- gpgconf --kill gpg-agent
		chown emrdrop a.zip b.pgp
		mkdir -p /etc/systemd/system/emrdrop@hard.service.d
		printf "[Service]\nReadWritePaths=/srv/hard\n" >/etc/systemd/system/emrdrop@hard.service.d/drop.conf'
}

# A clinic's account, whose host key is pinned, and whose unit is as it was installed.
far_feed() {
	feed far sftp://clinic@127.0.0.1:18474/srv/far '*.csv' 'key_file = /etc/emrdrop/keys/far'
	in_root sh -ec '
		useradd -m -s /bin/sh -p "*" clinic
		install -d -o clinic /srv/far
		sed -n "1p;8,9p" /usr/share/doc/emrdrop/examples/visits.csv >/srv/far/visits.csv
		chown clinic /srv/far/visits.csv
		runuser -u emrdrop -- ssh-keygen -q -t ed25519 -N "" -f /etc/emrdrop/keys/far
		install -d -m 700 -o clinic ~clinic/.ssh
		install -m 600 -o clinic /etc/emrdrop/keys/far.pub ~clinic/.ssh/authorized_keys
		[ -s /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
		sed "s/^/[127.0.0.1]:18474 /" /etc/ssh/ssh_host_ed25519_key.pub >/etc/emrdrop/known_hosts
		systemctl -q disable ssh.service ssh.socket 2>/dev/null || :
		install -D -m 644 /usr/share/doc/emrdrop/examples/reports.conf \
			/etc/systemd/system/emrdrop@far.service.d/reports.conf
		printf "%s\n" "ListenAddress 127.0.0.1:18474" "HostKey /etc/ssh/ssh_host_ed25519_key" \
			"Subsystem sftp internal-sftp" "PasswordAuthentication no" "PidFile /run/sshd-test.pid" \
			>/etc/ssh/sshd_test'
}

# by_unit FEED FILES RECORDS: what the unit did, as it stands in the journal.
by_unit() {
	in_system systemctl start "emrdrop@$1.service" || in_system journalctl -u "emrdrop@$1.service"
	is "how the unit of $1 ended" "Result=success ExecMainStatus=0" \
		"$(in_system systemctl show -p Result -p ExecMainStatus "emrdrop@$1.service" | sort -r | paste -sd' ')"
	in_system journalctl -o cat -u "emrdrop@$1.service" >"$roots/out"
	is "files of $1 that it delivered" "$2" "$(grep -c ' file-delivered ' "$roots/out")"
	is "records of $1" "$3" "$(sed -n 's/.* file-delivered .* delivered=\([0-9]*\) .*/\1/p' "$roots/out" |
		awk '{ n += $1 } END { print n }')"
	is "receipts of $1" "$((2 * $2))" "$(find "$root/srv/$1/receipts" -name '*.receipt.*' | wc -l)"
	is "archived by $1" "$2" "$(find "$root/srv/$1/done" -type f | wc -l)"
}

# The hardened unit itself, over SFTP and from a folder.
hardened() {
	apt install systemd dbus gpg gpg-agent zip openssh-server jq
	{ hard_feed && far_feed; } >"$roots/out" 2>&1 || {
		cat "$roots/out"
		stop "what the unit is tried with"
	}
	boot || {
		tail -n 5 "$roots/boot.log"
		echo "skipped: systemd does not start in namespaces here"
		halt
		return
	}
	in_system systemd-run --quiet --unit sandbox emrdrop-sandbox --db /tmp/api.db --token-file \
		/etc/emrdrop/keys/token --port 18473 --port-file /run/port
	in_system systemd-run --quiet --unit sshd-test -p RuntimeDirectory=sshd /usr/sbin/sshd -D -e -f /etc/ssh/sshd_test
	in_system timeout 60 sh -c "until [ -s /run/port ] && [ -s /run/sshd-test.pid ]; do :; done"
	by_unit hard 2 4
	by_unit far 1 2
	is "the report that is kept" '["far",1]' \
		"$(in_root jq -c '.feeds[0] | [.feed, (.files | length)]' /var/log/emrdrop/far.jsonl)"
	ok "and as a line" [ "$(wc -l <"$root/var/log/emrdrop/far.jsonl")" -eq 1 ]
	in_system systemctl start emrdrop-arrivals.service || in_system journalctl -u emrdrop-arrivals.service
	is "how the unit that asks what is due ended" "Result=success ExecMainStatus=0" \
		"$(in_system systemctl show -p Result -p ExecMainStatus emrdrop-arrivals.service | sort -r | paste -sd' ')"
	ok "its exposure is at most 1.5" in_system systemd-analyze security --threshold=15 \
		emrdrop@hard.service >/dev/null
	in_system systemctl enable --now emrdrop@far.timer emrdrop-arrivals.timer 2>/dev/null
	ok "its timer waits" sh -c "nsenter -t $init -m -p systemctl list-timers | grep -q emrdrop@far"
	ok "and the other" sh -c "nsenter -t $init -m -p systemctl list-timers | grep -q emrdrop-arrivals"
	echo "   by systemd: $(in_system systemd-analyze security emrdrop@far.service | tail -n 1)"
	in_system systemctl disable --now emrdrop@far.timer emrdrop-arrivals.timer 2>/dev/null
	halt
	mv "$root"/etc/emrdrop/feeds.d/{hard,far}.ini "$root/srv"
}

upgrade() {
	local ini=$root/etc/emrdrop/emrdrop.ini before

	echo "# ours" >>"$ini"
	before=$(in_root sha256sum /var/lib/emrdrop/site.key)
	cp "$roots/packages/newer.deb" "$root/tmp"
	apt -o Dpkg::Options::=--force-confold install /tmp/newer.deb
	is "the version" 99 "$(in_root dpkg-query -W -f '${Version}' emrdrop)"
	ok "a setting that was changed stays" grep -q '^# ours' "$ini"
	ok "the new default is beside it" grep -q '^# a newer' "$ini.dpkg-dist"
	is "the key stays" "$before" "$(in_root sha256sum /var/lib/emrdrop/site.key)"
	in_root runuser -u emrdrop -- emrdrop ledger verify >/dev/null || stop "the ledger, upgraded"
}

remove() {
	apt remove emrdrop
	ok "the program is gone" [ ! -e "$root/usr/bin/emrdrop" ]
	ok "the ledger is there" [ -s "$root/var/lib/emrdrop/ledger.mdb" ]
	ok "the settings are there" [ -s "$root/etc/emrdrop/emrdrop.ini" ]
	apt purge emrdrop emrdrop-sandbox
	ok "the ledger is gone" [ ! -e "$root/var/lib/emrdrop" ]
	ok "the settings are gone" [ ! -e "$root/etc/emrdrop/emrdrop.ini" ]
	ok "feeds are their owner's" [ -s "$root/etc/emrdrop/feeds.d/here.ini" ]
	apt install /tmp/newer.deb
	in_root emrdrop version >/dev/null || stop "installed again"
}

mkdir -p "$roots"
[ -d "$roots/$release" ] || {
	say "debootstrap $release"
	debootstrap --variant=minbase "$release" "$roots/$release.new" "$mirror" >"$roots/debootstrap.log" 2>&1 ||
		stop "debootstrap: see $roots/debootstrap.log"
	mv "$roots/$release.new" "$roots/$release"
}
say "building in $release"
build
newer "$(echo "$roots"/packages/emrdrop_*.deb)"
say "installing"
bare "$release-fresh"
cp "$roots"/packages/emrdrop_*.deb "$roots"/packages/emrdrop-sandbox_*.deb "$root/tmp"
apt update
in_root sh -c 'apt-get -qq -y --no-install-recommends install /tmp/emrdrop_*.deb /tmp/emrdrop-sandbox_*.deb' \
	>"$roots/apt.log" 2>&1 || { tail -n 20 "$roots/apt.log"; stop "apt install ./emrdrop_*.deb"; }
installed
say "the README's way to a first sample"
first_sample
maps
delivers
say "a queue's worker, without librabbitmq and with it"
events
say "the hardened unit, by systemd"
hardened
say "upgrade, remove, purge"
upgrade
remove
[ "$failures" -eq 0 ] || exit 1
echo "all well in $release"
