#!/bin/bash
# The Debian package and the image, built as for a release, but not tuned: what is in them,
# that units and examples are what systemd, cron and Kubernetes take, and that the program
# in the image, which has nothing else, does its work over SFTP, with packed, encrypted and
# HL7 files.
# What takes a root of its own and minutes, is release.sh.
#
#   tests/package/package_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

e2e_init "$1" dpkg-shlibdeps dpkg-deb gpg gpgconf zip mandoc systemd-analyze python3 unshare cc
. tests/lib/packed.sh
tree=$dir/tree
root=$PWD/build/image/rootfs

build() {
	UNTUNED=1 deploy/package.sh "$dir" >"$dir/build.log" 2>&1 || {
		tail -n 20 "$dir/build.log"
		exit 1
	}
	package=$(echo "$dir"/emrdrop_*.deb)
	dpkg-deb -x "$package" "$tree"
	dpkg-deb -e "$package" "$tree/DEBIAN"
}

test_files() {
	local file

	while read -r file; do
		ok "$file is in the package" [ -s "$tree/$file" ]
	done <<-'END'
		etc/emrdrop/emrdrop.ini
		usr/bin/emrdrop
		usr/lib/systemd/system/emrdrop-arrivals.service
		usr/lib/systemd/system/emrdrop-arrivals.timer
		usr/lib/systemd/system/emrdrop@.service
		usr/lib/systemd/system/emrdrop@.timer
		usr/lib/sysusers.d/emrdrop.conf
		usr/lib/tmpfiles.d/emrdrop.conf
		usr/share/bash-completion/completions/emrdrop
		usr/share/doc/emrdrop/changelog.gz
		usr/share/doc/emrdrop/copyright
		usr/share/doc/emrdrop/examples/cron.d
		usr/share/doc/emrdrop/examples/cronjob.yaml
		usr/share/doc/emrdrop/examples/logrotate
		usr/share/doc/emrdrop/examples/reports.conf
		usr/share/doc/emrdrop/examples/visits.csv
		usr/share/emrdrop/complete.sh
		usr/share/emrdrop/maps/hl7-adt.ini
		usr/share/emrdrop/maps/hl7-siu.ini
		usr/share/fish/vendor_completions.d/emrdrop.fish
		usr/share/man/man1/emrdrop.1.gz
		usr/share/man/man1/emrdrop-run.1.gz
		usr/share/man/man5/emrdrop.conf.5.gz
		usr/share/man/man7/emrdrop-feeds.7.gz
		usr/share/man/man7/emrdrop-hl7.7.gz
		usr/share/man/man7/emrdrop-problems.7.gz
		usr/share/zsh/vendor-completions/_emrdrop
	END
	is "a page of each command" "$("$emrdrop" --help | sed '/^Options/q' | grep -c '^  [a-z]*  ')" \
		"$(find "$tree/usr/share/man/man1" -name 'emrdrop-*' | wc -l)"
	is "settings that dpkg asks about" /etc/emrdrop/emrdrop.ini "$(cat "$tree/DEBIAN/conffiles")"
	ok "what it depends on is known" grep -q '^Depends: .*libcurl4.*libarchive13.*libssh2-1' "$tree/DEBIAN/control"
	# Each costs every start; what is seldom needed is loaded by what needs it.
	is "what a start loads" \
		"libc libcrypto libcsv libgpgme libinih libjansson liblmdb liblz4 libpcre2-8 libsodium libssh2 libz" \
		"$(objdump -p "$tree/usr/bin/emrdrop" | sed -n 's/^ *NEEDED *\(lib[a-z0-9-]*\)\.so.*/\1/p' |
			sort | paste -sd' ')"
	ok "no symbols" sh -c "! readelf -S '$tree/usr/bin/emrdrop' | grep -q debug_info"
	is "the sandbox's package" emrdrop-sandbox "$(dpkg-deb -f "$dir"/emrdrop-sandbox_*.deb Package)"
	if command -v lintian >/dev/null; then
		ok "lintian" lintian --allow-root --fail-on error,warning "$dir"/*.deb
	fi
}

# `cmake --install` elsewhere is the same, and keeps out of /etc.
test_install() {
	local file

	ok "cmake --install" cmake --install "$1" --prefix "$dir/local" >"$dir/out"
	for file in bin/emrdrop bin/emrdrop-sandbox share/emrdrop/maps/hl7-siu.ini \
		share/man/man1/emrdrop-run.1 share/man/man5/emrdrop.conf.5 share/emrdrop/complete.sh \
		lib/systemd/system/emrdrop@.service share/doc/emrdrop/examples/visits.csv; do
		ok "$file is installed" [ -s "$dir/local/$file" ]
	done
	is "nothing but these folders" "bin lib share" \
		"$(find "$dir/local" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -sd' ')"
}

# The units have no rights that they do not need; what must be there is there.
test_units() {
	local units=$tree/usr/lib/systemd/system unit

	for unit in emrdrop@ emrdrop-arrivals; do
		ok "exposure of $unit at most 1.5" systemd-analyze security --offline=true \
			--threshold=15 --no-pager "$units/$unit.service" >"$dir/out"
		grep -o 'Overall.*' "$dir/out"
	done
	has "what is due is asked for" "$units/emrdrop-arrivals.service" \
		"ExecStart=/usr/bin/emrdrop check --arrivals"
	has "it runs what is installed" "$units/emrdrop@.service" "ExecStart=/usr/bin/emrdrop run %i"
	has "missed looks are made up for" "$units/emrdrop@.timer" Persistent=yes
	ok "jitter" grep -q '^RandomizedDelaySec=[1-9]' "$units/emrdrop@.timer"
	is "the calendar" 1 "$(systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$units/emrdrop@.timer")" |
		grep -c 'Normalized form: \*-\*-\* \*:00/5:00')"
	mkdir -p "$dir/sysroot/etc"
	if [ "$(id -u)" -eq 0 ]; then
		systemd-sysusers --root="$dir/sysroot" "$tree/usr/lib/sysusers.d/emrdrop.conf" >"$dir/out" 2>&1
		ok "a user of its own" grep -q '^emrdrop:.*:/var/lib/emrdrop:.*nologin$' "$dir/sysroot/etc/passwd"
		systemd-tmpfiles --root="$dir/sysroot" --create "$tree/usr/lib/tmpfiles.d/emrdrop.conf"
		is "its folders" "700 700" "$(stat -c %a "$dir/sysroot/var/lib/emrdrop" \
			"$dir/sysroot/etc/emrdrop/keys" | paste -sd' ')"
	fi
}

test_examples() {
	local lines

	lines=$(grep -vE '^(#|$|[A-Z]+=)' "$tree/usr/share/doc/emrdrop/examples/cron.d")
	ok "crontab: $lines" grep -qE '^([0-9*/,-]+ +){5}emrdrop +emrdrop run ' <<<"$lines"
	ok "the CronJob" python3 - "$tree/usr/share/doc/emrdrop/examples/cronjob.yaml" <<-'END'
		import sys, yaml

		claim, job = yaml.safe_load_all(open(sys.argv[1]))
		pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
		box = pod["containers"][0]
		volumes = {v["name"]: v for v in pod["volumes"]}
		assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
		assert job["spec"]["concurrencyPolicy"] == "Forbid" and pod["restartPolicy"] == "Never"
		assert {m["name"] for m in box["volumeMounts"]} == set(volumes)
		assert volumes["state"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
		assert volumes["keys"]["secret"]["defaultMode"] == 0o440
		assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 65532
		assert box["securityContext"] == {"allowPrivilegeEscalation": False,
		    "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
	END
	is "what a first sample gives" 24 "$("$tree/usr/bin/emrdrop" --config "$dir" init a \
		"$tree/usr/share/doc/emrdrop/examples/visits.csv" --dry-run >"$dir/first.ini" &&
		sed -i 's/_file = TODO/_file = \/x/; s/zone = TODO/zone = UTC/; s/url = TODO/url = https:\/\/x\/y/' \
			"$dir/first.ini" && sed -i '0,/^url/s/^url.*/url = file:\/\/\/x/' "$dir/first.ini" &&
		"$tree/usr/bin/emrdrop" --config "$dir" preview "$dir/first.ini" \
			"$tree/usr/share/doc/emrdrop/examples/visits.csv" 2>/dev/null | grep -c '^{"op"')"
}

# The program that runs in the image from here on, its root read-only, and nobody root.
enter_image() {
	local as=(--userspec=65532:65532)

	[ "$(id -u)" -eq 0 ] || as=()
	mkdir -p "$root$dir" "$root/dev" "$root/proc"
	cat >"$dir/in-image" <<-END
		#!/bin/bash
		exec ${own_mounts[*]} sh -ec '
			mount --bind "$root" "$root"
			mount -o remount,bind,ro "$root"
			mount --rbind /dev "$root/dev"
			mount --rbind /proc "$root/proc"
			mount -t tmpfs tmpfs "$root/tmp"
			mkdir -p "$root$dir"
			mount --bind "$dir" "$root$dir"
			exec env -i PATH=/usr/bin HOME=/ /usr/sbin/chroot ${as[*]} "$root" /usr/bin/emrdrop "\$@"' sh "\$@"
	END
	chmod +x "$dir/in-image"
	emrdrop=$dir/in-image
}

# give: what the job owns belongs to the image's user.
give() {
	chmod 644 "$dir/ca.pem"
	[ "$(id -u)" -ne 0 ] || chown -R 65532:65532 "$dir/etc" "$dir/token" "$dir/packed" "$dir/keys" \
		"$dir/state" 2>/dev/null
}

test_image() {
	local image size

	deploy/image.sh "$package" >"$dir/build.log" 2>&1 || { cat "$dir/build.log"; exit 1; }
	image=$(echo build/image/emrdrop-*.oci.tar)
	size=$(stat -c %s "$image")
	ok "$size bytes are under 20 MiB" [ "$size" -lt $((20 << 20)) ]
	size=$(find "$root" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
	ok "$size bytes unpacked are under 26 MiB" [ "$size" -lt $((26 << 20)) ]
	is "its programs" "dash emrdrop gpg gpg-agent gpgconf rm sh" \
		"$(find "$root/usr/bin/" "$root/usr/sbin/" ! -type d -printf '%f\n' 2>/dev/null |
			sort | paste -sd' ')"
	mkdir "$dir/oci"
	tar -C "$dir/oci" -xf "$image"
	ok "its blobs are what their names say" sh -c "cd '$dir/oci/blobs/sha256' &&
		for f in *; do echo \"\$f  \$f\"; done | sha256sum -c --quiet"
	is "its layer" 1 "$(jq -r '.manifests[0].digest' "$dir/oci/index.json" | sed 's/.*://' |
		xargs -I{} jq '.layers | length' "$dir/oci/blobs/sha256/{}")"
	echo "image: $(($(stat -c %s "$image") >> 10)) KiB, unpacked $((size >> 10)) KiB"
}

test_program() {
	enter_image
	run 0 version --libraries
	has "its version" "$dir/out" "emrdrop "
	hasnt "no library is missing" "can't be used" "$dir/out"
	has "libcurl is found" "$dir/out" "libcurl/"
	has "gpg is found" "$dir/out" "gpg 2."
}

# SFTP, TLS, zip, zstd and PGP; then messages by a map that the image has.
test_work() {
	sshd_start "$dir" || exit 1
	api_start
	# shellcheck disable=SC2119 # all of them
	packed_make
	by_sftp
	mkdir -m 700 "$dir/keys"
	cp "$SSHD_KEY" "$SSHD_KNOWN_HOSTS" "$dir/keys"
	fresh pgp=decrypt "keyring=$dir/packed/us"
	sed -i "s|^key_file.*|key_file = $dir/keys/$(basename "$SSHD_KEY")|" "$dir/etc/feeds.d/simple.ini"
	sed -i "s|^known_hosts.*|known_hosts = $dir/keys/$(basename "$SSHD_KNOWN_HOSTS")|" "$dir/etc/feeds.d/simple.ini"
	install -d -m 700 "$dir/state"
	chmod 755 "$dir"
	drop pgp-of-gzip
	rows 901 902 >"$dir/more.csv"
	(cd "$dir" && zip -q drop/02.csv.zip more.csv)
	give
	job 0
	is "verdicts" "deliver deliver" "$(verdicts)"
	is "what the API holds" 604 "$(changes)"
	rm "$dir"/etc/feeds.d/simple.ini
	sed -e 's|^extends.*|extends = hl7-siu.ini|' fixtures/hl7/clinic.ini >"$dir/etc/feeds.d/lakeside.ini"
	printf 'ID;Name\n1;Ren\xe9e\n' >"$dir/latin.csv"
	cp fixtures/hl7/sample.hl7 "$dir"
	give
	# Its second message has a status that no table knows.
	run 3 preview lakeside "$dir/sample.hl7"
	is "appointments" 2 "$(grep -c '"type":"appointment"' "$dir/out")"
	printf '[source]\nurl = file:///x\npattern = *\n[csv]\ncharset = iso-8859-15\n[patient]\nid = {ID}\nname.family = {Name}\n[target]\nurl = https://x/y\n' \
		>"$dir/etc/feeds.d/latin.ini"
	run 0 preview latin "$dir/latin.csv"
	has "a character set" "$dir/out" "Renée"
}

build
test_files
test_install "$1"
test_units
test_examples
test_image
own_mounts=(unshare --mount)
[ "$(id -u)" -eq 0 ] || own_mounts=(unshare --user --map-root-user --mount)
if "${own_mounts[@]}" true 2>/dev/null; then
	test_program
	test_work
else
	echo "skipped: the image's program, for nothing can be mounted here, as in a chroot"
fi
emrdrop=$(cd "$1" && pwd)/cmd/emrdrop
e2e_end
