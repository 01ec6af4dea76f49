/*
 * The digest of a request's body, by which two requests are told apart that are alike otherwise.
 *
 * Not cryptographic, since it compares what one user sent with what the same user sent; seeded by chance once a
 * process, so that nobody can make up two bodies that collide. Life: digest_open with the first chunk,
 * digest_close once. Threads: one at a time.
 */
#ifndef HOLDFAST_DIGEST_H
#define HOLDFAST_DIGEST_H

#include <stddef.h>

#include "src/operation.h"

struct digest;

struct digest *digest_open(void);
void digest_add(struct digest *digest, const void *data, size_t size);

/* NULL: there was no body. */
struct body_digest digest_close(struct digest *digest);

#endif
