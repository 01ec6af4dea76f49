/*
 * Growing bytes on the heap rather than in a pool: a pool would keep every outgrown copy until the
 * request ends. Capacity doubles, so that appending is linear in all, and stops at the maximum.
 */
#include "webdav/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAPACITY 256

void buffer_init(struct buffer *buffer, size_t max)
{
    *buffer = (struct buffer){ .max = max };
}

void buffer_release(struct buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->data);
    buffer_init(buffer, buffer->max);
}

void buffer_clear(struct buffer *buffer)
{
    buffer_truncate(buffer, 0);
}

void buffer_truncate(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->size);
    buffer->size = size;
    buffer->overflow = false;
}

static void grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity = capacity > buffer->max / 2 ? buffer->max : capacity * 2;
    if (capacity > buffer->max)
        capacity = buffer->max;

    char *data = realloc(buffer->data, capacity ? capacity : 1);
    if (!data)
        abort();
    buffer->data = data;
    buffer->capacity = capacity;
}

char *buffer_reserve(struct buffer *buffer, size_t len)
{
    if (buffer->overflow || len > buffer->max - buffer->size) {
        buffer->overflow = true;
        return NULL;
    }
    if (!buffer->data || len > buffer->capacity - buffer->size)
        grow(buffer, buffer->size + len);
    return buffer->data + buffer->size;
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    if (len == 0)
        return;
    char *end = buffer_reserve(buffer, len);
    if (!end)
        return;
    memcpy(end, data, len);
    buffer->size += len;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (len < 0)
        abort(); /* no format of ours can fail */

    if ((size_t)len < sizeof small) {
        buffer_append(buffer, small, (size_t)len);
    } else if ((size_t)len > buffer->max - buffer->size) {
        buffer->overflow = true;
    } else {
        /* vsnprintf ends with a NUL, which is not ours to count against the maximum. */
        char *text = malloc((size_t)len + 1);
        if (!text)
            abort();
        vsnprintf(text, (size_t)len + 1, format, again);
        buffer_append(buffer, text, (size_t)len);
        free(text);
    }
    va_end(again);
}
