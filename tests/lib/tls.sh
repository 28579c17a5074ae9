# Certificates for tests and the demo, with openssl. Sourced.
#
#   . tests/lib/tls.sh
#   tls_make /tmp/somewhere         # a folder that exists and is ours
#
# Leaves in that folder: ca.pem and ca.key, a CA made on the spot, and server.pem and
# server.key, a certificate of it for localhost and 127.0.0.1. All last ten years.
# What is there already is kept; a second folder has another CA.

# shellcheck shell=bash
TLS_DAYS=3650

tls_ca() {
	[ -f "$1/ca.pem" ] && return
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$1/ca.key" -out "$1/ca.pem" -days "$TLS_DAYS" \
		-subj '/CN=emrdrop test CA' \
		-addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' 2>"$1/openssl.log"
}

# tls_cert DIR NAME SAN: NAME.pem and NAME.key, signed by DIR's CA.
tls_cert() {
	[ -f "$1/$2.pem" ] && return
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
		-keyout "$1/$2.key" -out "$1/$2.csr" -subj "/CN=emrdrop test $2" \
		2>>"$1/openssl.log" || return 1
	printf '%s\n' "subjectAltName=$3" 'basicConstraints=critical,CA:FALSE' \
		'extendedKeyUsage=serverAuth' >"$1/$2.ext"
	openssl x509 -req -in "$1/$2.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" \
		-CAcreateserial -out "$1/$2.pem" -days "$TLS_DAYS" -sha256 \
		-extfile "$1/$2.ext" 2>>"$1/openssl.log" || return 1
	rm -f "$1/$2.csr" "$1/$2.ext"
}

tls_make() {
	if ! (umask 077 && tls_ca "$1" &&
		tls_cert "$1" server 'DNS:localhost,IP:127.0.0.1'); then
		echo "openssl makes no certificates:" >&2
		tail -n 5 "$1/openssl.log" >&2
		return 1
	fi
}
