#!/bin/bash
# A patients export that nobody here made goes from `init` to the API with five lines of
# the draft edited. Needs EMRDROP_REALDATA, a folder with synthea/patients.csv.
#
#   tests/e2e/realdata_init_test.sh BUILD_DIR
set -u
. tests/e2e/lib.sh

sample=${EMRDROP_REALDATA:-}/synthea/patients.csv
[ -f "$sample" ] || { echo "skipped: no $sample; set EMRDROP_REALDATA"; exit 77; }
e2e_init "$1"
api_start
draft=$dir/etc/feeds.d/synthea.ini

# What a person edits, a line each.
fill() {
	sed -e "0,/^url = TODO/s||url = file://$dir/drop|" \
		-e "s|^key_file = TODO|stable_for = 0|" \
		-e "s|^url = TODO|url = $api/v1/batches|" \
		-e "s|^token_file = TODO|token_file = $dir/token\nca_file = $dir/ca.pem|"
}

run 0 init synthea "$sample"
run 78 check synthea
is "each TODO is refused, and nothing else" "$(grep -c '= TODO$' "$draft")" \
	"$(grep -c "^$draft:" "$dir/err")"
cp "$draft" "$dir/before.ini"
fill <"$dir/before.ini" >"$draft"
edited=$(diff "$dir/before.ini" "$draft" | grep -c '^>')
ok "at most 5 lines edited, not $edited" [ "$edited" -le 5 ]
cp "$sample" "$dir/drop/"
job 0
is "delivered" '["deliver",27,27,0]' "$(file_report verdict rows mapped rejected)"
is "without a warning" '[]' "$(report '.feeds[0].files[0].column_warnings // []')"
api_state "$dir/state.json"
is "patients at the API" 27 "$(jq length "$dir/state.json")"
# By hand, from the first row.
is "one of them" '["Mosciski958",["Maynard46"],"2014-10-06","male","02155","MA"]' \
	"$(jq -c '."patient/3edac2e3-d223-6fae-d515-daf96ef6bc76" | [.name.family, .name.given, .birth_date, .gender, .address.postal_code, .address.state]' "$dir/state.json")"
e2e_end
