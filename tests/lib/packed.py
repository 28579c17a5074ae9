#!/usr/bin/env python3
"""Packs, encrypts and signs exports in every way that a feed may meet, and breaks some.

    packed.py DIR [archives]

With "archives" no PGP, which takes longer than all the rest. Writes DIR/cases.tsv (file,
settings, outcome, what it must say), the files, and for each good one FILE.out: the exports
that are in it, each with a line "== export ==" before it.
DIR/us and DIR/full are keyrings: ours, and one whose private key has a passphrase.
Everything is made by other programs than the one that is tested.
"""
import gzip
import io
import os
import subprocess
import sys
import zipfile

DIR = sys.argv[1]
GPG = ["gpg", "--batch", "--quiet", "--no-tty", "--yes", "--trust-model", "always",
       "--no-auto-check-trustdb", "--pinentry-mode", "loopback"]
PASSPHRASE = "open sesame"
HEADER = b"ID,Last,First,DOB,ZIP,Appt,Start,Status\r\n"
FILL = 50_000_000  # bytes of a bomb
cases = []


def rows(first, last):
    """In the layout of the feed that the tests share."""
    return HEADER + b"".join(
        b"%05d,Testcase,Synthetic,03/04/1980,0%04d,A-%d,11/%02d/2026 10:%02d,Scheduled\r\n"
        % (i, i % 9999, i, i % 28 + 1, i % 60) for i in range(first, last + 1))


def write(name, data):
    with open(os.path.join(DIR, name), "wb") as f:
        f.write(data)


def good(name, data, *exports, settings="-"):
    write(name, data)
    write(name + ".out", b"".join(b"== export ==\n" + e for e in exports))
    cases.append((name, settings, "good", ""))


def bad(name, data, says, outcome="refused", settings="-"):
    write(name, data)
    cases.append((name, settings, outcome, says))


def run(*args, data=b""):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True,
                          stderr=subprocess.DEVNULL).stdout


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(name, data)
    return out.getvalue()


def flipped(data, at):
    out = bytearray(data)
    out[at] ^= 1
    return bytes(out)


class Pipe(io.RawIOBase):
    """What can't seek: sizes and checksums then stand behind the data."""

    def __init__(self):
        super().__init__()
        self.data = b""

    def writable(self):
        return True

    def write(self, b):
        self.data += bytes(b)
        return len(b)


def streamed_zip(*members):
    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(name, data)
    return out.data


def unlisted(archive, more):
    """Its first member stands before it, and its directory knows nothing of that."""
    head = more[:more.index(b"PK\1\2")]
    at = int.from_bytes(archive[-6:-2], "little") + len(head)
    return head + archive[:-6] + at.to_bytes(4, "little") + archive[-2:]


def commented(archive, comment):
    return archive[:-2] + len(comment).to_bytes(2, "little") + comment


def zip64(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        with z.open("a.csv", "w", force_zip64=True) as f:
            f.write(data)
    return out.getvalue()


def zip_with_password(data):
    path = os.path.join(DIR, "plain.csv")
    write("plain.csv", data)
    run("zip", "-q", "-j", "-P", "secret", path + ".zip", path)
    with open(path + ".zip", "rb") as f:
        return f.read()


def make_gzip(plain):
    packed = gzip.compress(plain)
    good("gzip", packed, plain)
    good("gzip-two-parts", gzip.compress(plain[:999]) + gzip.compress(plain[999:]), plain)
    good("gzip-of-nothing", gzip.compress(b""), b"")
    good("gzip-four-times", gzip.compress(gzip.compress(gzip.compress(packed))), plain)
    bad("gzip-five-times",
        gzip.compress(gzip.compress(gzip.compress(gzip.compress(packed)))),
        "more than 4 times")
    bad("gzip-wrong-crc", flipped(packed, -8), "gzip data are damaged")
    bad("gzip-wrong-length", flipped(packed, -4), "gzip data are damaged")
    bad("gzip-damaged", flipped(packed, len(packed) // 2), "gzip data are damaged")
    bad("gzip-cut", packed[:-9], "gzip data are cut off")
    bad("gzip-no-trailer", packed[:-8], "gzip data are cut off")
    bad("gzip-and-more", packed + b"more", "something else stands behind")
    bad("gzip-bomb", gzip.compress(HEADER + b"\n" * FILL), "more than 200 times its size")
    bad("gzip-too-large", packed, "more than 1000 bytes", settings="max_size=1000")


def make_zstd(plain):
    packed = run("zstd", "-q", "-c", data=plain)
    good("zstd", packed, plain)
    good("zstd-long", run("zstd", "-q", "-c", data=plain * 300), plain * 300,
         settings="max_ratio=100000")
    good("zstd-of-nothing", run("zstd", "-q", "-c", data=b""), b"")
    good("zstd-two-frames", packed + packed, plain + plain)
    bad("zstd-wrong-checksum", flipped(packed, -1), "zstd data are damaged")
    bad("zstd-cut", packed[:-3], "zstd data are damaged or cut off")
    bad("zstd-and-more", packed + b"more", "zstd data are damaged")
    bad("zstd-bomb", run("zstd", "-q", "-c", data=HEADER + b"\n" * FILL),
        "more than 200 times its size")


def make_zip(plain):
    one = zipped(("a.csv", plain))
    first, second = rows(1, 10), rows(11, 30)
    two = zipped(("x/", b""), ("x/a.csv", first), ("../../../b.csv", second),
                 ("__MACOSX/x/._a.csv", b"\0\1"), (".DS_Store", b"\0"),
                 ("x/._a.csv", b"\0\5\x16\7"))
    good("zip", one, plain)
    good("zip-two", two, first, second)
    good("zip-one-of-two", two, second, settings="members=b*")
    good("zip-with-pdf", zipped(("a.pdf", b"%PDF-1"), ("a.csv", first)), first,
         settings="members=*.csv")
    good("zip-stored", zipped(("a.csv", plain), method=zipfile.ZIP_STORED), plain)
    good("zip-streamed", streamed_zip(("a.csv", first), ("b.csv", second)), first, second)
    good("zip-64", zip64(plain), plain)
    good("zip-name-utf8", zipped(("\u00dcbersicht.csv", plain)), plain,
         settings="members=\u00dc*.csv")
    good("zip-name-cp437", zipped(("xbersicht.csv", plain)).replace(b"xber", b"\x9aber"),
         plain)
    good("zip-in-zip", zipped(("z", zipped(("a.csv", first), ("b", gzip.compress(second)))),
                              ("c.csv", plain)), first, second, plain)
    bad("zip-no-such-member", two, "members of [unpack]", settings="members=*.txt")
    bad("zip-of-nothing", zipped(), "archive is empty")
    bad("zip-of-a-folder", zipped(("x/", b"")), "archive is empty")
    bad("zip-wrong-crc", flipped(one, one.rindex(b"PK\1\2") - 20), "damaged or cut off")
    bad("zip-stored-wrong-crc",
        flipped(zipped(("a.csv", plain), method=zipfile.ZIP_STORED), 100), "at file 1")
    good("zip-with-comment", commented(one, b"PK\5\6 of the day"), plain)
    bad("zip-cut-in-comment", commented(one, b"of the day")[:-1], "ZIP archive is cut off")
    bad("zip-unlisted", unlisted(two, one), "holds 7 files, and lists 6")
    bad("zip-and-zip", one + one, "behind the end of the ZIP archive")
    bad("zip-and-another", one + two, "behind the end of the ZIP archive")
    bad("zip-and-more", one + b"\n", "behind the end of the ZIP archive")
    bad("zip-cut", one[:len(one) // 2], "cut off at file 1")
    bad("zip-cut-behind", one[:-30], "ZIP archive is cut off")
    bad("zip-cut-in-second", two[:two.index(b"../") + 40], "cut off at file 3")
    bad("zip-bzip2", zipped(("a.csv", plain), method=zipfile.ZIP_BZIP2), "uncommon method")
    bad("zip-password", zip_with_password(plain), "has a password")
    bad("zip-bomb", zipped(("a.csv", HEADER + b"\n" * FILL)), "more than 200 times its size")
    bad("zip-many-bombs", zipped(*((str(i), b"\n" * 999_999) for i in range(60))),
        "more than 200 times its size")
    bad("zip-too-many", zipped(*((str(i), b"x") for i in range(10_001))), "more than 10000")
    bad("xlsx", zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")),
        "an Excel workbook")
    bad("ods", zipped(("mimetype", b"application/x"), method=zipfile.ZIP_STORED),
        "an OpenDocument")


def gpg(home, *args, data=b""):
    return run(*GPG, "--homedir", os.path.join(DIR, home), *args, data=data)


def key(home, name, *more, passphrase=""):
    os.makedirs(os.path.join(DIR, home), mode=0o700, exist_ok=True)
    secret = ["--passphrase", passphrase]
    gpg(home, *secret, *more, "--quick-gen-key", f"{name} <{name}@example.invalid>", "ed25519",
        "cert,sign", "never" if not more else "1d")
    lines = gpg(home, "--with-colons", "--list-keys", name).decode().splitlines()
    fpr = [line.split(":")[9] for line in lines if line.startswith("fpr:")][0]
    if not more:
        gpg(home, *secret, "--quick-add-key", fpr, "cv25519", "encr", "never")
    return fpr


def learn(into, home):
    gpg(into, "--import", data=gpg(home, "--export"))


def revoke(home, fpr):
    with open(os.path.join(DIR, home, "openpgp-revocs.d", fpr + ".rev"), "rb") as f:
        text = f.read().replace(b":-----BEGIN", b"-----BEGIN")
    gpg(home, "--import", data=text)


def make_encrypted(plain, us, them):
    to_us = ["-r", us, "-e"]
    on = "pgp=decrypt"
    good("pgp", gpg("clinic", *to_us, data=plain), plain, settings=on)
    good("pgp-required", gpg("clinic", *to_us, data=plain), plain, settings="pgp=require")
    good("pgp-armoured", gpg("clinic", "-a", *to_us, data=plain), plain, settings=on)
    good("pgp-of-gzip", gpg("clinic", *to_us, data=gzip.compress(plain)), plain, settings=on)
    good("gzip-of-pgp", gzip.compress(gpg("clinic", *to_us, data=plain)), plain, settings=on)
    good("pgp-in-zip", zipped(("a", gpg("clinic", *to_us, data=plain))), plain,
         settings="pgp=require")
    good("pgp-long", gpg("clinic", *to_us, data=plain * 100), plain * 100, settings=on)
    bad("pgp-off", gpg("clinic", *to_us, data=plain), "the feed has no keys")
    bad("pgp-not-required", plain, "is not encrypted", settings="pgp=require")
    bad("pgp-half-required", zipped(("a", gpg("clinic", *to_us, data=plain)), ("b", plain)),
        "is not encrypted", settings="pgp=require")
    bad("pgp-other-key", gpg("clinic", "-r", them, "-e", data=plain),
        "has no such private key", settings=on)
    bad("pgp-hidden-key", gpg("clinic", "-R", them, "-e", data=plain),
        "has no such private key", settings=on)
    bad("pgp-by-passphrase", gpg("clinic", "--passphrase", "x", "-c", data=plain),
        "encrypted with a passphrase", settings=on)
    sealed = gpg("clinic", "-z", "0", *to_us, data=plain)
    bad("pgp-cut", sealed[:-30], "PGP data are damaged", settings=on)
    bad("pgp-changed", flipped(sealed, len(sealed) // 2), "PGP data are damaged", settings=on)
    for sort, more in (("pgp", []), ("pgp-stored", ["-z", "0"]), ("pgp-armoured", ["-a"])):
        two = [gpg("clinic", *more, *to_us, data=rows(i, i + 9)) for i in (1, 11)]
        bad(sort + "-twice", two[0] + two[1], "PGP", settings=on)
    bad("pgp-bomb", gpg("clinic", *to_us, data=HEADER + b"\n" * FILL),
        "more than 200 times its size", settings=on)


def make_signed(plain, us, them):
    asked = "pgp=decrypt;signed_by=" + them
    other = "pgp=decrypt;signed_by=" + us
    both = ["-s", "-e", "-r", us]
    clear = gpg("clinic", "--clearsign", data=b"a,b\n1,2\n")
    good("signed", gpg("clinic", "-s", data=plain), plain, settings=asked)
    good("signed-lower-case", gpg("clinic", "-s", data=plain), plain, settings=asked.lower())
    good("signed-armoured", gpg("clinic", "-a", "-s", data=plain), plain, settings=asked)
    good("signed-clear", clear, b"a,b\n1,2\n", settings=asked)
    good("signed-inside", gpg("clinic", *both, data=plain), plain, settings=asked)
    good("signed-before", gpg("clinic", "-r", us, "-e", data=gpg("clinic", "-s", data=plain)),
         plain, settings=asked)
    good("signed-around", gpg("clinic", *both, data=zipped(("a", rows(1, 3)), ("b", plain))),
         rows(1, 3), plain, settings=asked)
    good("signed-unasked", gpg("stranger", "-s", data=plain), plain, settings="pgp=decrypt")
    bad("signed-not", plain, "has no signature", "held", asked)
    bad("signed-not-inside", gpg("clinic", "-r", us, "-e", data=plain), "has no signature",
        "held", asked)
    bad("signed-one-of-two", zipped(("a", gpg("clinic", "-s", data=plain)), ("b", plain)),
        "has no signature", "held", asked)
    bad("signed-last-of-two", zipped(("a", plain), ("b", gpg("clinic", "-s", data=plain))),
        "has no signature", "held", asked)
    good("signed-each-of-two", zipped(*((name, gpg("clinic", "-s", data=plain)) for name in "ab")),
         plain, plain, settings=asked)
    bad("signed-by-other", gpg("clinic", *both, data=plain), "does not list", "held", other)
    bad("signed-by-stranger", gpg("stranger", "-s", data=plain), "the keyring lacks", "held",
        asked)
    bad("signed-badly", clear.replace(b"1,2", b"1,3"), "does not fit", settings=asked)
    bad("signed-badly-unasked", clear.replace(b"1,2", b"1,3"), "does not fit",
        settings="pgp=decrypt")
    signed = gpg("clinic", "-s", data=plain * 100)
    for settings in ("pgp=decrypt", asked):
        for part in (20, len(signed) // 2, len(signed) - 300, len(signed) - 20):
            bad(f"signed-cut-{part}-{len(settings)}", signed[:part], "PGP data are damaged",
                settings=settings)
        bad(f"signed-clear-cut-{len(settings)}", clear[:-60], "PGP data are damaged",
            settings=settings)
    for sort, more in (("zip", ["-s"]), ("zlib", ["-s", "--compress-algo", "zlib"]),
                       ("stored", ["-s", "-z", "0"]), ("armoured", ["-s", "-a"]),
                       ("clear", ["--clearsign"])):
        two = [gpg("clinic", *more, data=rows(i, i + 9)) for i in (1, 11)]
        bad("signed-twice-" + sort, two[0] + two[1],
            "" if sort in ("stored", "clear") else "behind the end of the PGP message",
            settings=asked)
    bad("signed-and-plain", signed + b"1,2\n", "behind the end of the PGP", settings=asked)
    good("signed-and-blank", gpg("clinic", "-a", "-s", data=plain) + b"\r\n \n", plain,
         settings=asked)
    bad("compressed-alone", gpg("clinic", "--store", "-z", "6", data=plain), "or not signed",
        settings="pgp=decrypt")
    bad("signature-alone", gpg("clinic", "-b", data=plain), "without what was signed",
        settings=asked)
    bad("signature-alone-armoured", gpg("clinic", "-a", "-b", data=plain),
        "without what was signed", settings=asked)


def make_old_keys(plain):
    then = ["--faked-system-time", "20200101T000000!"]
    expired = key("expired", "expired", *then)
    bad("signed-expired", gpg("expired", *then, "-s", data=plain), "has expired", "held",
        "pgp=decrypt;signed_by=" + expired)
    revoked = key("revoked", "revoked")
    signed = gpg("revoked", "-s", data=plain)
    revoke("revoked", revoked)
    bad("signed-revoked", signed, "was revoked", "held",
        "pgp=decrypt;signed_by=" + revoked)
    learn("us", "expired")
    learn("us", "revoked")


def make_passphrase(plain):
    full = key("full", "full", passphrase=PASSPHRASE)
    learn("clinic", "full")
    sealed = gpg("clinic", "-r", full, "-e", data=plain)
    on = "pgp=decrypt;keyring=full"
    for name, text in (("right", PASSPHRASE), ("wrong", "close sesame")):
        write(name + ".pass", text.encode() + b"\n")
        os.chmod(os.path.join(DIR, name + ".pass"), 0o600)
    good("passphrase", sealed, plain, settings=on + ";passphrase=right.pass")
    bad("passphrase-wrong", sealed, "is not the passphrase", "config",
        on + ";passphrase=wrong.pass")
    bad("passphrase-missing", sealed, "has a passphrase", "config", on)
    bad("keyring-none", sealed, "no pubring.kbx", "config", "pgp=decrypt;keyring=empty")
    os.makedirs(os.path.join(DIR, "empty"), mode=0o700, exist_ok=True)


def make_pgp(plain):
    try:
        us, them = key("us", "us"), key("clinic", "clinic")
        key("stranger", "stranger")
        learn("clinic", "us")
        learn("us", "clinic")
        make_encrypted(plain, us, them)
        make_signed(plain, us, them)
        make_old_keys(plain)
        make_passphrase(plain)
        write("fingerprints", f"{us} {them}\n".encode())
    finally:
        for home in ("us", "clinic", "stranger", "expired", "revoked", "full"):
            subprocess.run(["gpgconf", "--homedir", os.path.join(DIR, home), "--kill", "all"],
                           stderr=subprocess.DEVNULL, check=False)


def main():
    plain = rows(1, 300)
    good("plain", plain, plain)
    good("nothing", b"", b"")
    good("like-pgp", b"\x99\xe4,\xc4\xd6\n", b"\x99\xe4,\xc4\xd6\n")
    make_gzip(plain)
    make_zstd(plain)
    make_zip(plain)
    if sys.argv[2:] != ["archives"]:
        make_pgp(plain)
    with open(os.path.join(DIR, "cases.tsv"), "w", encoding="utf-8") as f:
        f.writelines("\t".join(c) + "\n" for c in cases)


main()
