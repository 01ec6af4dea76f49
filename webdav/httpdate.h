/*
 * Dates: HTTP's, RFC 3339's for DAV:creationdate, in nanoseconds since 1970 on our side. Pure.
 */
#ifndef HOLDFAST_HTTPDATE_H
#define HOLDFAST_HTTPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTPDATE_SIZE 32

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
size_t httpdate_format(int64_t time_ns, char out[HTTPDATE_SIZE]);

/* "1994-11-06T08:49:37Z" (no fraction: Windows takes at most three digits) */
size_t httpdate_format_iso(int64_t time_ns, char out[HTTPDATE_SIZE]);

/* Any of the three forms of RFC 9110 5.6.7; false if it is none. */
bool httpdate_parse(const char *text, int64_t *out_time_ns);

#endif
