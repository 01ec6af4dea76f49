/*
 * Bytes that grow, up to a maximum named at birth.
 *
 * Life: buffer_init (no allocation), append as you like, buffer_release. An append that would pass
 * the maximum changes nothing but sets `overflow`, after which all do nothing until
 * buffer_clear or buffer_truncate;
 * callers write straight through and look once at the end. Out of memory ends the process (sizes are bounded
 * before). One thread at a time.
 */
#ifndef HOLDFAST_BUFFER_H
#define HOLDFAST_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buffer {
    char *data; /* not terminated; NULL while empty and unallocated */
    size_t size;
    size_t capacity;
    size_t max;
    bool overflow;
};

void buffer_init(struct buffer *buffer, size_t max);
void buffer_release(struct buffer *buffer);

/* Empties, keeps the allocation. */
void buffer_clear(struct buffer *buffer);

/* Takes back what was appended after the buffer had this size, an overflow too. */
void buffer_truncate(struct buffer *buffer, size_t size);

/* Room for `len` more bytes at the end, to be counted by the caller with buffer->size += n; NULL on
 * overflow. */
char *buffer_reserve(struct buffer *buffer, size_t len);

void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buffer_puts(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

#endif
