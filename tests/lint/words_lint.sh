#!/bin/bash
# Nothing in the tree speaks of the place where it was made: other people's paths,
# numbers of tickets, hosts of package registries.
set -u
. tests/lint/files.sh
words='(^|[^[:alnum:]_.])[/]work/|[.][.]/share[d]|/root[/]|/tmp/b[-]'
words+='|[^[:alnum:]][i]ssues? #?[0-9]+|[i]ssues show|[(][#][0-9]+[)]'
words+='|deb[.]debian[.]org|pypi[.]org|crates[.]io|proxy[.]golang|registry[.]npmjs'
# shellcheck disable=SC2119 # all files
# .ci is the place where it is made.
if lint_files | grep -v '^[.]ci/' | xargs -r -d '\n' grep -nIiE "$words"; then
	echo "say it without these words"
	exit 1
fi
