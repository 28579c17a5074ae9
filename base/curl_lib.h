/*
 * libcurl's functions, loaded with the first request: with it come 25 libraries, more than
 * half of the time that a job takes to start, and most jobs find nothing to send.
 *
 * curl_easy_setopt and _getinfo take any type, and libcurl's header does not complain of a
 * wrong one where compilers hold it for a system's own. Here that is an error.
 */
#ifndef BASE_CURL_LIB_H
#define BASE_CURL_LIB_H

#define CURL_DISABLE_TYPECHECK /* it goes by names that are functions */
#include <curl/curl.h>
#include <stdbool.h>

#include "base/lib.h"
#include "base/span.h"

#define CURL_CALLS(X)               \
	X(curl_version)             \
	X(curl_global_init)         \
	X(curl_global_cleanup)      \
	X(curl_getdate)             \
	X(curl_slist_append)        \
	X(curl_slist_free_all)      \
	X(curl_easy_init)           \
	X(curl_easy_cleanup)        \
	X(curl_easy_reset)          \
	X(curl_easy_setopt)         \
	X(curl_easy_getinfo)        \
	X(curl_easy_perform)        \
	X(curl_easy_strerror)       \
	X(curl_multi_init)          \
	X(curl_multi_cleanup)       \
	X(curl_multi_setopt)        \
	X(curl_multi_add_handle)    \
	X(curl_multi_remove_handle) \
	X(curl_multi_perform)       \
	X(curl_multi_poll)          \
	X(curl_multi_info_read)

struct curl_lib {
	CURL_CALLS(LIB_MEMBER)
};

/* Fills *out; it stays valid. ERR_CONFIG if the library is not there. */
int curl_lib_load(struct curl_lib *out, struct err *e);

/*
 * To libcurl a connection that ends within the headers is the end of a reply that has no
 * body: CURLE_OK, with the status. Whether they came whole, tell their lines, each of which
 * is given to the header function once it has its end: a status line begins a reply (1xx
 * are replies of their own), an empty one ends its headers.
 */
void curl_note_header(bool *whole, struct span line);

/* An option's number says what it takes, and so does that of an information. */
#define CURL_IS(type, value)   __builtin_types_compatible_p(__typeof__(value), type)
#define CURL_IS_POINTER(value) (__builtin_classify_type(value) == 5)
#define CURL_OPTION_FITS(option, value)                              \
	((option) < CURLOPTTYPE_OBJECTPOINT ? CURL_IS(long, value)   \
	    : (option) < CURLOPTTYPE_OFF_T  ? CURL_IS_POINTER(value) \
					    : CURL_IS(curl_off_t, value))
#define CURL_INFO_FITS(info, to)                                                   \
	(((info) & CURLINFO_TYPEMASK) == CURLINFO_STRING    ? CURL_IS(char **, to) \
	    : ((info) & CURLINFO_TYPEMASK) == CURLINFO_LONG ? CURL_IS(long *, to)  \
	    : ((info) & CURLINFO_TYPEMASK) == CURLINFO_OFF_T                       \
		? CURL_IS(curl_off_t *, to)                                        \
		: CURL_IS(struct curl_certinfo **, to))
#define CURL_CHECKED(fits, value)                                   \
	((void)sizeof(struct {                                      \
		_Static_assert(fits, "libcurl takes another type"); \
		char c;                                             \
	}),                                                         \
	    (value))

#undef curl_easy_setopt
#undef curl_easy_getinfo
#define curl_easy_setopt(handle, option, value) \
	curl_easy_setopt(                       \
	    handle, option, CURL_CHECKED(CURL_OPTION_FITS(option, value), value))
#define curl_easy_getinfo(handle, info, to) \
	curl_easy_getinfo(handle, info, CURL_CHECKED(CURL_INFO_FITS(info, to), to))

#endif
