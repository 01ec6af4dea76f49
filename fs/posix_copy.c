/*
 * The quickest way from one file into another.
 *
 * Small files: one read, one write; anything cleverer costs more than it saves. Larger ones: share
 * the extents (FICLONE), else have the kernel copy each stretch of data (copy_file_range) and leave
 * the holes out, else read and write. The last way also takes over wherever the kernel's copy
 * stops with an error, because only there it is known whether reading or writing failed.
 */
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fs/posix_internal.h"

#define BY_HAND_SIZE 65536      /* up to here a file is small; also the size of one read */
#define CHUNK_SIZE   (2u << 20) /* how much is copied between two looks at the stop flag */

struct copy {
    struct posix_file *file;
    int fd;
    uint64_t pos;  /* in the source: copied up to here */
    uint64_t base; /* in the destination: where the source's first byte went */
    struct progress *progress;
};

static void copy_advance(struct copy *copy, uint64_t bytes)
{
    copy->pos += bytes;
    copy->file->size = copy->base + copy->pos;
    if (copy->progress)
        progress_add(copy->progress, 0, bytes);
}

static bool copy_is_stopped(const struct copy *copy)
{
    return copy->progress && progress_is_stopped(copy->progress);
}

/* Up to `end`, or to the end of the file if that comes sooner. A read that brings less than asked is
 * the end only once `size` bytes are there: some file systems read short. */
static int copy_by_hand(struct copy *copy, uint64_t end, uint64_t size)
{
    char buffer[BY_HAND_SIZE];

    while (copy->pos < end) {
        if (copy_is_stopped(copy))
            return ECANCELED;
        uint64_t left = end - copy->pos;
        size_t want = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);
        ssize_t n = pread(copy->fd, buffer, want, (off_t)copy->pos);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        copy->file->size = copy->base + copy->pos;
        int err = posix_file_write(&copy->file->base, buffer, (size_t)n);
        if (err)
            return err;
        copy_advance(copy, (uint64_t)n);
        if ((size_t)n < want && copy->pos >= size)
            return 0;
    }
    return 0;
}

static int copy_data(struct copy *copy, uint64_t end, uint64_t size)
{
    while (copy->pos < end) {
        if (copy_is_stopped(copy))
            return ECANCELED;
        uint64_t left = end - copy->pos;
        off_t in = (off_t)copy->pos, out = (off_t)(copy->base + copy->pos);
        ssize_t n = copy_file_range(copy->fd, &in, copy->file->fd, &out,
                                    left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE, 0);
        if (n <= 0)
            return copy_by_hand(copy, end, size);
        copy_advance(copy, (uint64_t)n);
    }
    return 0;
}

/* The next stretch of data at or after the position; 0 and an empty one at the end of the file. */
static int next_data(struct copy *copy, uint64_t *out_start, uint64_t *out_end)
{
    off_t start = lseek(copy->fd, (off_t)copy->pos, SEEK_DATA);

    if (start < 0 && errno == ENXIO) { /* nothing but a hole from here on */
        off_t end = lseek(copy->fd, 0, SEEK_END);
        if (end < 0)
            return errno;
        *out_start = *out_end = (uint64_t)end > copy->pos ? (uint64_t)end : copy->pos;
        return 0;
    }
    off_t end = start < 0 ? -1 : lseek(copy->fd, start, SEEK_HOLE);
    *out_start = end < 0 ? copy->pos : (uint64_t)start;
    *out_end = end < 0 ? INT64_MAX : (uint64_t)end; /* holes unknown: all of it is data */
    return 0;
}

static int copy_sparse(struct copy *copy, uint64_t size)
{
    uint64_t start = 0, end = 0;

    for (;;) {
        int err = next_data(copy, &start, &end);
        if (err)
            return err;
        copy_advance(copy, start - copy->pos);
        if (start == end)
            break;
        err = copy_data(copy, end, size);
        if (err)
            return err;
        if (copy->pos < end) /* it shrank, or its end was not known before */
            break;
    }
    if (ftruncate(copy->file->fd, (off_t)copy->file->size) != 0) /* a hole at the end */
        return copy->file->write_error = errno;
    return 0;
}

int posix_file_copy(struct fs_file *base, int fd, uint64_t size, struct progress *progress)
{
    struct posix_file *file = (struct posix_file *)base;
    struct copy copy = { .file = file, .fd = fd, .base = file->size, .progress = progress };
    struct fs_stat st;

    if (size <= BY_HAND_SIZE)
        return copy_by_hand(&copy, INT64_MAX, size);
    if (copy_is_stopped(&copy))
        return ECANCELED;
    if (!file->size && ioctl(file->fd, FICLONE, fd) == 0) {
        int err = posix_statx(file->fd, "", &st);
        if (!err)
            copy_advance(&copy, st.size);
        return err;
    }
    return copy_sparse(&copy, size);
}
