/*
 * A job in words that people use: "copying", "1,204", "1.2 GiB", "2 min 5 s". English only; pure.
 */
#ifndef HOLDFAST_JOBWORDS_H
#define HOLDFAST_JOBWORDS_H

#include <stdint.h>

#include "webdav/buffer.h"

/* What a method does, to be followed by the path it does it to. */
struct job_verb {
    const char *method;
    const char *plain, *going, *done; /* "copy", "copying", "copied" */
};

/* NULL for a method that is not in the table. */
const struct job_verb *job_words_verb(const char *method);

/* "18,446,744,073,709,551,615" */
void job_words_count(struct buffer *out, uint64_t count);

/* "1,023 B", "1.0 KiB", "16.0 EiB" */
void job_words_bytes(struct buffer *out, uint64_t bytes);

/* "under 1 s", "59 s", "2 min 5 s", "3 h 0 min", "2 d 4 h": the two largest units. Negative is 0. */
void job_words_duration(struct buffer *out, int64_t duration_ms);

#endif
