#!/bin/bash
# Foolish exports of a feed of changes: see tests/fault/foolish.sh. One more is one line.
#
#   tests/fault/foolish_changes_test.sh BUILD_DIR [NAME]     NAME: the cases whose name begins so
set -u
. tests/e2e/lib.sh

e2e_init "$1"
# shellcheck disable=SC2034 # cases reads it
only=${2:-}
. tests/fault/foolish.sh
api_start

cases changes '| required' <<'END'
cut inside a row;today | head -c 2130;0;3;deliver;1;csv_columns;-
cut at a row's end;today | head -n 31;0;0;deliver;1;-;-
twice, titles too;today && today;0;0;deliver;1;repeated_header;-
twice;today && today | tail -n +2;0;0;deliver;1;-;-
yesterday's, as today's;export_of $((day - 1));0;0;duplicate;0;-;-
an older one, as today's;export_of $((day - 2));0;0;deliver;1;-;-
an older one, as what it is;export_of $((day - 2));-2;0;deliver;1;-;-
names swapped;today | swap 2 3;0;0;deliver;60;-;-
dates in the ZIP column;today | swap 4 5;0;4;hold;0;look swapped: each holds what the other held;discard
a required column has another title;today | sed '1s/Start/Begins at/';0;4;hold;0;gone since the last good file;mend
all ids are new;rows 1001 1060;0;0;deliver;120;-;-
a third is bad;today | bad_third;0;4;hold;0;20 of 60 rows were rejected, more than max_reject allows;approve
a third is bad, put away;today | bad_third;0;4;hold;0;more than max_reject allows;discard
another clinic's;cat fixtures/northside/day1/*.csv;0;65;refuse;0;columns of the map are not in the header: ;discard
empty;:;0;0;empty;0;-;-
titles alone;today | head -n 1;0;0;empty;0;-;-
NUL bytes;head -c 4000 /dev/zero;0;65;refuse;0;UTF-16 or no text: save it as CSV UTF-8;mend
a workbook that was cut;cat fixtures/hostile/csv/zip.csv;0;65;refuse;0;the ZIP archive is damaged or cut off;mend
UTF-16;today | iconv -t UTF-16;0;0;deliver;1;-;-
UTF-32;today | iconv -t UTF-32;0;65;refuse;0;UTF-32, which can't be read: save it as CSV UTF-8;mend
END
e2e_end
