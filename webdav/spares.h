/*
 * Large buffers that are needed again at once: each listing makes its first piece in one.
 *
 * The C library gives memory of that size back to the kernel, which clears it page by page for the next to ask: that
 * was a sixth of the time of a small listing.
 *
 * Life: spares_open and spares_close with the server's data; in between spares_take gives a fresh buffer the
 * memory of an earlier one, if there is any, and spares_give takes it back instead of buffer_release. A
 * few are kept (SPARES_MAX), none larger than SPARES_BYTES, nor so small that they would be in the way of those
 * that are worth it. Threads: any; a mutex inside. No errors.
 */
#ifndef HOLDFAST_SPARES_H
#define HOLDFAST_SPARES_H

#include "webdav/buffer.h"

#define SPARES_MAX   16
#define SPARES_BYTES (256 * 1024)
#define SPARES_LEAST (32 * 1024)

struct spares;

struct spares *spares_open(void);
void spares_close(struct spares *spares);

/* `buffer`: after buffer_init, and of a maximum not below SPARES_BYTES. */
void spares_take(struct spares *spares, struct buffer *buffer);

/* The buffer is afterwards as buffer_init left it. */
void spares_give(struct spares *spares, struct buffer *buffer);

#endif
