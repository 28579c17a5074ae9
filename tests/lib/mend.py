#!/usr/bin/python3
"""The clinic's person with a spreadsheet: opens each reject file, mends the cells that a
table says, saves it as spreadsheets do, and drops it again; and puts right the exports that
were not taken at all.

  mend.py TABLE EXPORTS DROP    DROP/FILE--FEED/ has the reject files in told/
"""

import csv
import glob
import io
import os
import sys

# As spreadsheets of three countries save: delimiter, character set.
SAVED = ((",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16"))
UNIT = "\ue000"  # stands for a delimiter, which may have several characters


def table(path):
    """{(file, feed): [(row, column, value)]} of what is to be done."""
    cases = {}
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            continue
        file, feed, row, column, value = line.rstrip("\n").split("\t")[:5]
        if row != "-":
            cases.setdefault((file, feed), []).append((row, column, value))
    return cases


def delimiter_of(first):
    """What stands behind our first column."""
    rest = first[first.index("_row") + 4:]
    return rest[:rest.index("_column")]


def mend(rows, mends):
    titles = rows[0]
    number = titles.index("_row")
    for row, column, value in mends:
        found = [r for r in rows if r[number] == row]
        assert len(found) == 1, "row %s: %d times" % (row, len(found))
        if column == "delete":
            rows.remove(found[0])
        elif column == "*":
            found[0][4:] = next(csv.reader([value]))
        else:
            assert column in titles, "no %s in %s" % (column, titles)
            found[0][titles.index(column)] = value


def save(path, rows, delimiter, charset):
    """Excel makes all rows as wide as the widest."""
    try:
        "".join(c for r in rows for c in r).encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8-sig"
    with open(path, "w", encoding=charset, newline="") as f:
        csv.writer(f, delimiter=delimiter).writerows(rows)


def mend_rejects(path, to, mends, saved):
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as f:
        text = f.read().replace("\0", "")
    delimiter = delimiter_of(text)
    lines = io.StringIO(text.replace(delimiter, UNIT), newline="")
    rows = [[c.replace(UNIT, delimiter) for c in r] for r in csv.reader(lines, delimiter=UNIT)]
    mend(rows, mends)
    save(to, rows, *saved)


def put_right(exports, file, what, value, data):
    """What a receipt says of a file that can't be read."""
    if what == "export":
        return open("%s/%s.csv" % (exports, value), "rb").read()
    if what == "resave":
        return data.decode(value).encode("utf-8-sig")
    text = data.decode()
    if what == "replace":
        old, new = value.split("=>")
        assert old in text, "%s: no %s" % (file, old)
        text = text.replace(old, new, 1)
    elif what == "cut":
        text = "".join(text.splitlines(True)[int(value):])
    elif what == "head":
        text = value + "\r\n" + text
    elif what == "titles":
        text = value + text[text.index("\r\n"):]
    elif what == "columns":
        out = io.StringIO()
        csv.writer(out).writerows(r[:int(value)] for r in csv.reader(io.StringIO(text, newline="")))
        text = out.getvalue()
    else:
        sys.exit("%s: nobody knows how to %s" % (file, what))
    return text.encode()


def mend_export(exports, file, to, mends):
    data = open("%s/%s.csv" % (exports, file), "rb").read()
    for _, what, value in mends:
        data = put_right(exports, file, what, value, data)
    open(to, "wb").write(data)


def main():
    where, exports, drop = sys.argv[1:]
    for i, ((file, feed), mends) in enumerate(table(where).items()):
        folder = "%s/%s--%s" % (drop, file, feed)
        if mends[0][0] == "file":
            mend_export(exports, file, folder + "/again.csv", mends)
            continue
        there = glob.glob(folder + "/told/*.rejects.csv")
        if len(there) != 1:
            sys.exit("%s: %d reject files" % (file, len(there)))
        mend_rejects(there[0], "%s/%s" % (folder, os.path.basename(there[0])), mends, SAVED[i % 3])
        os.remove(there[0])


main()
