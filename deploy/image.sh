#!/bin/bash
# Makes a container image out of the package, without a daemon and without a base image: the
# program, the libraries that it loads, time zones, certificates, and gpg, whose files dash
# and rm put away.
#
#   deploy/image.sh [PACKAGE]
#
# Writes build/image/rootfs and build/image/emrdrop-VERSION.oci.tar, an OCI layout that
# `skopeo copy`, `podman load` and `docker load` take. The package is that of
# deploy/package.sh, for the Debian release that this runs on.
set -eu -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=${1:-$(ls build/package/emrdrop_*.deb)}
version=$(dpkg-deb -f "$package" Version)
arch=$(dpkg-deb -f "$package" Architecture)
out=$PWD/build/image
root=$out/rootfs
id=65532 # who runs in it: as distroless images have it
# What emrdrop opens when something needs it, so that ldd does not name it.
opened=(libarchive.so.13 libcurl.so.4 librabbitmq.so.4)
programs=(/usr/bin/gpg /usr/bin/gpg-agent /usr/bin/gpgconf /usr/bin/dash /usr/bin/rm)
# Character sets that exports have come in; UTF-8 is in the C library itself.
charsets="CP125? CP77? ISO8859-* IBM437 IBM850 IBM858 MACINTOSH KOI8-R KOI8-U UTF-16 UTF-32 UTF-7 UNICODE"

# What comes along with libraries for what emrdrop switches off: formats of libarchive (and
# with libxml2 ICU), protocols and logins of libcurl (and with LDAP and RTMP GnuTLS), and of gpg
# trust on first use and line editing. In the image each is a library of that name, all of
# whose functions fail.
unused="libxml2 libldap liblber librtmp libgssapi_krb5 libsqlite3 libreadline"

# libraries FILE...: of what they load, the paths.
libraries() {
	LD_LIBRARY_PATH=$out/unused ldd "$@" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p' | sort -u
}

# take PATH...: into the image, as the file that it is.
take() {
	local path

	for path; do
		install -D -m "$(stat -L -c %a "$path")" "$path" "$root$path"
	done
}

# stand_in LIBRARY: one with the symbols of this, and their versions, for $out/unused.
stand_in() {
	local soname versions=()

	rm -f "$out"/map*
	soname=$(objdump -p "$1" | sed -n 's/^ *SONAME *//p')
	nm -D -S --defined-only "$1" | awk -v map="$out/map" '
		BEGIN { print "long fails(void) { return -1; }" }
		NF == 4 {
			split($4, of, "@+")
			if ($4 ~ /[^@]@[^@]/) next # of an older version
			if ($3 ~ /[TWi]/) print "long " of[1] "(void) __attribute__((alias(\"fails\")));"
			else printf "char %s[0x%s] __attribute__((aligned(16)));\n", of[1], $2
			if (of[2] != "") names[of[2]] = names[of[2]] of[1] "; "
		}
		END { for (v in names) print v " { global: " names[v] "};" >map }' >"$out/map.c"
	[ ! -s "$out/map" ] || versions=("-Wl,--version-script,$out/map")
	cc -shared -fPIC -s -w -fno-builtin -Wl,-soname,"$soname" "${versions[@]}" "$out/map.c" \
		-o "$out/unused/$soname"
}

stand_ins() {
	local lib=$1 name path

	mkdir -p "$out/unused"
	for name in $unused; do
		for path in "$lib/$name".so.[0-9] "$lib/$name"-[0-9]*.so.[0-9] "$lib/$name".so.[0-9][0-9]; do
			[ ! -e "$path" ] || stand_in "$path"
		done
	done
}

files() {
	local lib gconv set

	dpkg-deb -x "$package" "$root"
	rm -rf "$root"/usr/share/{doc,man,bash-completion,zsh,fish} "$root"/usr/lib "$root"/etc/emrdrop/*
	lib=$(dirname "$(ldconfig -p | sed -n 's/.*libarchive\.so\.13 .*x86-64.* => //p; s/.*libarchive\.so\.13 .*AArch64.* => //p' | head -n 1)")
	lib=$(realpath "$lib")
	stand_ins "$lib"
	take "${programs[@]}" "${opened[@]/#/$lib/}"
	ln -s dash "$root/usr/bin/sh"
	ln -s usr/bin "$root/bin"
	# The system's lib folders are links into /usr.
	ln -s usr/lib "$root/lib"
	[ ! -L /lib64 ] || ln -s usr/lib64 "$root/lib64"
	while read -r path; do
		case $path in
		"$out"/unused/*) install -m 644 "$path" "$root$lib" && continue ;;
		esac
		take "$(realpath -s "$path" | sed 's|^/lib|/usr/lib|')"
	done < <(libraries "$root/usr/bin/emrdrop" "${programs[@]}" "${opened[@]/#/$lib/}")
	gconv=$lib/gconv
	for set in $charsets; do
		for path in "$gconv"/$set.so; do
			take "$path"
		done
	done
	take "$gconv/gconv-modules"
	[ ! -d "$gconv/gconv-modules.d" ] || take "$gconv"/gconv-modules.d/*
	take /etc/ssl/certs/ca-certificates.crt
	cp -r --parents /usr/share/zoneinfo "$root"
	rm -rf "$root"/usr/share/zoneinfo/{right,posix}
}

settings() {
	install -d -m 1777 "$root/tmp"
	install -d -m 755 "$root/etc/emrdrop/feeds.d" "$root/etc/emrdrop/keys"
	install -d -m 700 "$root/var/lib/emrdrop"
	echo "emrdrop:x:$id:$id:emrdrop:/var/lib/emrdrop:/" >"$root/etc/passwd"
	echo "emrdrop:x:$id:" >"$root/etc/group"
	echo "hosts: files dns" >"$root/etc/nsswitch.conf"
}

# The same files give the same layer.
layer() {
	local list=$out/list

	(cd "$root" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort) >"$list"
	{
		tar -C "$root" --no-recursion --numeric-owner --owner=0 --group=0 \
			--mtime="@${SOURCE_DATE_EPOCH:-0}" --exclude=var/lib/emrdrop -T "$list" -cf - |
			head -c -1024 # the end of the archive, which follows
		tar -C "$root" --numeric-owner --owner="$id" --group="$id" \
			--mtime="@${SOURCE_DATE_EPOCH:-0}" -cf - var/lib/emrdrop
	} >"$out/layer.tar"
	rm "$list"
}

# blob FILE: moves it to its place in the layout; prints its descriptor's digest and size.
blob() {
	local digest size

	digest=$(sha256sum "$1" | cut -d ' ' -f 1)
	size=$(stat -c %s "$1")
	mv "$1" "$out/oci/blobs/sha256/$digest"
	printf '"digest": "sha256:%s", "size": %s' "$digest" "$size"
}

# OCI image format 1.0: a layer, its configuration, a manifest, an index.
layout() {
	local type=application/vnd.oci.image diff config layer manifest

	mkdir -p "$out/oci/blobs/sha256"
	diff=$(sha256sum "$out/layer.tar" | cut -d ' ' -f 1)
	gzip -9nf "$out/layer.tar"
	layer=$(blob "$out/layer.tar.gz")
	cat >"$out/config" <<-END
		{"architecture": "$arch", "os": "linux",
		 "config": {"User": "$id:$id", "Entrypoint": ["/usr/bin/emrdrop"], "Cmd": ["run"],
		  "WorkingDir": "/", "Env": ["PATH=/usr/bin", "HOME=/var/lib/emrdrop"],
		  "Labels": {"org.opencontainers.image.title": "emrdrop",
		   "org.opencontainers.image.version": "$version",
		   "org.opencontainers.image.licenses": "Apache-2.0"}},
		 "rootfs": {"type": "layers", "diff_ids": ["sha256:$diff"]}}
	END
	config=$(blob "$out/config")
	cat >"$out/manifest" <<-END
		{"schemaVersion": 2, "mediaType": "$type.manifest.v1+json",
		 "config": {"mediaType": "$type.config.v1+json", $config},
		 "layers": [{"mediaType": "$type.layer.v1.tar+gzip", $layer}]}
	END
	manifest=$(blob "$out/manifest")
	cat >"$out/oci/index.json" <<-END
		{"schemaVersion": 2, "mediaType": "$type.index.v1+json",
		 "manifests": [{"mediaType": "$type.manifest.v1+json", $manifest,
		  "annotations": {"org.opencontainers.image.ref.name": "emrdrop:$version"}}]}
	END
	echo '{"imageLayoutVersion": "1.0.0"}' >"$out/oci/oci-layout"
	tar -C "$out/oci" --sort=name --numeric-owner --owner=0 --group=0 \
		--mtime="@${SOURCE_DATE_EPOCH:-0}" -cf "$out/emrdrop-$version.oci.tar" \
		oci-layout index.json blobs
	rm -rf "$out/oci"
}

rm -rf "$out"
mkdir -p "$root"
files
settings
rm -rf "$out"/unused "$out"/map*
layer
layout
du -sh --apparent-size "$root" "$out/emrdrop-$version.oci.tar"
