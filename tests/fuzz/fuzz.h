/*
 * What the fuzz targets share: text out of a fuzzer's bytes, and memory that goes after each input.
 *
 * A target is one file beside this one with one function, LLVMFuzzerTestOneInput. It is linked with libFuzzer
 * (script/fuzz) or with replay.c, which runs it over the files of corpus/TARGET (every build's ctest).
 * Whatever does not hold is an assert. An input must leave nothing behind that another could meet.
 *
 * Threads: one. Ownership: what these functions return goes with the pool at the next fuzz_begin. Texts lie in
 * memory of their exact size, so that the sanitizer sees a look too far.
 */
#ifndef HOLDFAST_TESTS_FUZZ_H
#define HOLDFAST_TESTS_FUZZ_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes that are taken from the front. */
struct fuzz_input {
    const char *at;
    size_t left;
};

/* First in every target: a pool without anything of the input before. */
apr_pool_t *fuzz_begin(const uint8_t *data, size_t size, struct fuzz_input *out);

/* The next line without its '\n', and without NUL bytes; "" at the end. */
const char *fuzz_line(struct fuzz_input *in);

/* All that is left, likewise. */
const char *fuzz_rest(struct fuzz_input *in);

/* The bytes as terminated text; of several NULs the first ends it, as in every C string. */
char *fuzz_text(const char *bytes, size_t len);

/* A table that has the line under that name, unless it is empty. */
apr_table_t *fuzz_header(apr_pool_t *pool, const char *name, const char *value);

bool fuzz_is_utf8(const char *text, size_t len);

#endif
