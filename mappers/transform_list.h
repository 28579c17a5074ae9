/*
 * The functions of all transforms, for the registry in transform.c: one compiles a
 * step's arguments once a feed, the other is applied once a value.
 */
#ifndef MAPPERS_TRANSFORM_LIST_H
#define MAPPERS_TRANSFORM_LIST_H

#include "mappers/transform.h"

int times_compile_date(struct kit *k, struct step *st, struct err *e);
int times_compile_datetime(struct kit *k, struct step *st, struct err *e);
enum problem_code times_apply(const void *data, struct run *r, struct text *t);
int phone_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code phone_apply(const void *data, struct run *r, struct text *t);
enum problem_code email_apply(const void *data, struct run *r, struct text *t);
enum problem_code npi_apply(const void *data, struct run *r, struct text *t);
int replace_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code replace_apply(const void *data, struct run *r, struct text *t);
int pad_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code pad_apply(const void *data, struct run *r, struct text *t);
int strip_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code strip_apply(const void *data, struct run *r, struct text *t);
int length_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code length_apply(const void *data, struct run *r, struct text *t);
int composite_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code composite_apply(const void *data, struct run *r, struct text *t);
int tx_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code tx_apply(const void *data, struct run *r, struct text *t);
int minutes_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code minutes_apply(const void *data, struct run *r, struct text *t);
enum problem_code upper_apply(const void *data, struct run *r, struct text *t);
enum problem_code lower_apply(const void *data, struct run *r, struct text *t);
enum problem_code title_apply(const void *data, struct run *r, struct text *t);
int split_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code split_apply(const void *data, struct run *r, struct text *t);
int substr_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code substr_apply(const void *data, struct run *r, struct text *t);
int regex_compile(struct kit *k, struct step *st, struct err *e);
int extract_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code extract_apply(const void *data, struct run *r, struct text *t);
int number_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code number_apply(const void *data, struct run *r, struct text *t);
int money_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code money_apply(const void *data, struct run *r, struct text *t);
int unit_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code unit_apply(const void *data, struct run *r, struct text *t);
int bool_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code bool_apply(const void *data, struct run *r, struct text *t);
int code_compile(struct kit *k, struct step *st, struct err *e);
int lookup_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code lookup_apply(const void *data, struct run *r, struct text *t);
int agree_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code code_apply(const void *data, struct run *r, struct text *t);
int state_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code state_apply(const void *data, struct run *r, struct text *t);
enum problem_code zip_apply(const void *data, struct run *r, struct text *t);
int country_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code country_apply(const void *data, struct run *r, struct text *t);
int language_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code language_apply(const void *data, struct run *r, struct text *t);
enum problem_code icd10_apply(const void *data, struct run *r, struct text *t);
enum problem_code loinc_apply(const void *data, struct run *r, struct text *t);
enum problem_code snomed_apply(const void *data, struct run *r, struct text *t);
int person_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code person_apply(const void *data, struct run *r, struct text *t);
int hash_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code hash_apply(const void *data, struct run *r, struct text *t);
int epoch_compile(struct kit *k, struct step *st, struct err *e);
enum problem_code epoch_apply(const void *data, struct run *r, struct text *t);

#endif
