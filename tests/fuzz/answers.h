/*
 * Whatever a server sent on one connection, taken apart: is it nothing but whole HTTP/1.1 answers?
 *
 * Which of them have no body although they tell its length is the requests' affair, and they are garbage: an answer
 * without its body is taken for one to HEAD where `has_head` says that there may be such. Pure; any thread.
 */
#ifndef HOLDFAST_TESTS_FUZZ_ANSWERS_H
#define HOLDFAST_TESTS_FUZZ_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

/* A NUL follows the bytes. NULL: all is well; else what is not. *out_count: final answers. */
const char *answers_check(const char *bytes, size_t size, bool has_head, unsigned *out_count);

#endif
