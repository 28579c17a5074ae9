#!/bin/bash
# Builds the Debian packages of this release: emrdrop and emrdrop-sandbox.
#
#   deploy/package.sh [FOLDER]      where they are put; build/package otherwise
#
# The preset "package" is the release preset with /usr as prefix; deploy/release.sh tunes it,
# but not with UNTUNED=1, which takes half the time and is for tests.
set -eu -o pipefail

to=$(realpath "${1:-build/package}" 2>/dev/null || echo "$PWD/${1:-build/package}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/packages.sh

# shellcheck disable=SC2086 # lists of words
packages_install $PACKAGES_BUILD $PACKAGES_PACKAGE
mkdir -p "$to"
if [ -n "${UNTUNED:-}" ]; then
	cmake --preset package -DEMRDROP_PGO= >/dev/null
	cmake --build --preset package -j "$(nproc)"
else
	deploy/release.sh package
fi
rm -f build/package/*.deb
(cd build/package && cpack -B "$PWD" >cpack.log 2>&1) || {
	cat build/package/cpack.log >&2
	exit 1
}
[ "$to" = "$PWD/build/package" ] || cp build/package/*.deb "$to"
ls "$to"/emrdrop*.deb
