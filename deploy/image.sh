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
programs=(/usr/bin/gpg /usr/bin/gpg-agent /usr/bin/gpgconf /usr/bin/dash /usr/bin/rm)
# Character sets that exports have come in; UTF-8 is in the C library itself.
charsets="CP125? CP77? ISO8859-* IBM437 IBM850 IBM858 MACINTOSH KOI8-R KOI8-U UTF-16 UTF-32 UTF-7 UNICODE"

# libraries FILE...: of what they load, the paths.
libraries() {
	ldd "$@" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p' | sort -u
}

# take PATH...: into the image, as the file that it is.
take() {
	local path

	for path; do
		install -D -m "$(stat -L -c %a "$path")" "$path" "$root$path"
	done
}

# libarchive brings libxml2 along, and that ICU, for formats that emrdrop switches off. Of
# ICU's data, 30 MB, only the symbol must be there: it says that there is none.
without_icu_data() {
	local data

	for data in "$root"/usr/lib/*/libicudata.so.*; do
		[ -e "$data" ] || continue
		data=$(basename "$data")
		echo "const char icudt${data##*.}_dat[32] __attribute__((aligned(16)));" |
			cc -shared -fPIC -s -Wl,-soname,"$data" -x c - -o "$(echo "$root"/usr/lib/*/"$data")"
	done
}

files() {
	local lib gconv set

	dpkg-deb -x "$package" "$root"
	rm -rf "$root"/usr/share/{doc,man,bash-completion,zsh,fish} "$root"/usr/lib "$root"/etc/emrdrop/*
	lib=$(dirname "$(ldconfig -p | sed -n 's/.*libarchive\.so\.13 .*x86-64.* => //p; s/.*libarchive\.so\.13 .*AArch64.* => //p' | head -n 1)")
	lib=$(realpath "$lib")
	take "${programs[@]}" "$lib"/lib{archive.so.13,rabbitmq.so.4}
	ln -s dash "$root/usr/bin/sh"
	ln -s usr/bin "$root/bin"
	# The system's lib folders are links into /usr.
	ln -s usr/lib "$root/lib"
	[ ! -L /lib64 ] || ln -s usr/lib64 "$root/lib64"
	while read -r path; do
		take "$(realpath -s "$path" | sed 's|^/lib|/usr/lib|')"
	done < <(libraries "$root/usr/bin/emrdrop" "${programs[@]}" "$lib"/lib{archive.so.13,rabbitmq.so.4})
	without_icu_data
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
layer
layout
du -sh --apparent-size "$root" "$out/emrdrop-$version.oci.tar"
