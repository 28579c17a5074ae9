# The peer in Node, for the benchmarks. Sourced; `bench_node` is true if it can be had, and
# then NODE_PEER is its place; else NODE_WHY says why not. Its packages come from npm.
#
# shellcheck shell=bash
NODE_WHY=

bench_node() {
	local tool

	for tool in node npm; do
		command -v "$tool" >/dev/null || {
			NODE_WHY="$tool is not installed"
			return 1
		}
	done
	mkdir "$BENCH/node" && cp tests/bench/peer.mjs "$BENCH/node" &&
		cp tests/bench/peer.json "$BENCH/node/package.json" || return 1
	npm install --prefix "$BENCH/node" --no-audit --no-fund >"$BENCH/npm.log" 2>&1 || {
		# shellcheck disable=SC2034 # for those who source this
		NODE_WHY="npm cannot install its packages: $(tail -n 1 "$BENCH/npm.log")"
		return 1
	}
	# shellcheck disable=SC2034
	NODE_PEER=$BENCH/node/peer.mjs
}
