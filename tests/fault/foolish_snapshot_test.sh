#!/bin/bash
# Foolish exports of a feed of snapshots: see tests/fault/foolish.sh. One more is one line.
#
#   tests/fault/foolish_snapshot_test.sh BUILD_DIR [NAME]     NAME: the cases whose name begins so
set -u
. tests/e2e/lib.sh

e2e_init "$1"
# shellcheck disable=SC2034 # cases reads it
only=${2:-}
. tests/fault/foolish.sh
api_start

cases snapshot <<'END'
cut inside a row;today | head -c 2130;0;3;deliver;1;no_removals;-
cut inside a last cell;today | head -n 32 | head -c -6;0;4;hold;0;of 60 appointment records;approve
cut at a row's end;today | head -n 31;0;4;hold;0;30 of 60 appointment records that were delivered are missing;approve
cut, and mended;today | head -n 31;0;4;hold;0;more than max_remove allows;mend
cut, and put away;today | head -n 31;0;4;hold;0;more than max_remove allows;discard
twice, titles too;today && today;0;0;deliver;1;repeated_header;-
twice;today && today | tail -n +2;0;0;deliver;1;-;-
yesterday's, as today's;export_of $((day - 1));0;0;duplicate;0;-;-
an older one, as today's;export_of $((day - 2));0;0;deliver;1;-;-
an older one, as what it is;export_of $((day - 2));-2;65;refuse;0;it is older than the snapshot of;discard
dated ten years ahead;today;3652;0;deliver;1;-;-
columns swapped with titles;today | sed 's/^\([^,]*\),\([^,]*\),/\2,\1,/';0;0;deliver;1;-;-
names swapped;today | swap 2 3;0;0;deliver;60;-;-
dates in the ZIP column;today | swap 4 5;0;4;hold;0;look swapped: each holds what the other held;discard
times and status swapped;today | swap 7 8;0;4;hold;0;look swapped;discard
ids swapped;today | swap 1 6;0;4;hold;0;look swapped;discard
all ids are new;rows 1001 1060;0;4;hold;0;60 of 60 appointment records that were delivered are missing;discard
a third is bad;today | bad_third;0;4;hold;0;20 of 60 rows were rejected, more than max_reject allows;approve
a third is bad, mended;today | bad_third;0;4;hold;0;more than max_reject allows;mend
another clinic's;cat fixtures/northside/day1/*.csv;0;65;refuse;0;columns of the map are not in the header: ;discard
empty;:;0;4;hold;0;it has no rows;approve
titles alone;today | head -n 1;0;4;hold;0;it has no rows;discard
NUL bytes;head -c 4000 /dev/zero;0;65;refuse;0;UTF-16 or no text: save it as CSV UTF-8;mend
the end of a file in CP/M;today && printf '\032\032';0;0;deliver;1;-;-
NUL bytes to the end of a block;today && head -c 300 /dev/zero;0;0;deliver;1;-;-
NUL bytes in the middle;today | head -n 40 && head -c 4000 /dev/zero;0;65;refuse;0;UTF-16 or no text;mend
a workbook that was cut;cat fixtures/hostile/csv/zip.csv;0;65;refuse;0;the ZIP archive is damaged or cut off;mend
a PDF;printf '%%PDF-1.7\n%%\342\343\317\323\n1 0 obj\n<< /Type /Catalog >>\n';0;65;refuse;0;the file is a PDF: save it as CSV;discard
a web page;printf '<!DOCTYPE html>\n<html><title>Log in, please</title>\n';0;65;refuse;0;the file is a web page: save it as CSV;discard
UTF-16;today | iconv -t UTF-16;0;0;deliver;1;-;-
UTF-32;today | iconv -t UTF-32;0;65;refuse;0;UTF-32, which can't be read: save it as CSV UTF-8;mend
UTF-16 without a mark;today | iconv -t UTF-16LE;0;0;deliver;1;-;-
END
# Where too few rows tell, a date of birth that a map requires does.
cases snapshot '| required' <<'END'
dates in the ZIP column, of few rows;today | swap 4 5 | head -n 20;0;4;hold;0;19 of 19 rows were rejected;discard
END
e2e_end
