/*
 * A slot is chosen by the inode alone, so that an inode's old state gives way to its new one, and inodes made one
 * after the other, as those of a folder mostly are, lie side by side. It holds 64 bits mixed from device,
 * inode and time of change: two that differ in any of these are the same by chance once in 10^19.
 */
#include "webdav/noprops.h"

#include <stdatomic.h>
#include <stdlib.h>

#define SLOTS     (128 * 1024) /* a power of two */
#define SETTLE_NS INT64_C(2000000000)

struct noprops {
    _Atomic uint64_t slots[SLOTS]; /* 0: empty */
};

struct noprops *noprops_open(void)
{
    return calloc(1, sizeof(struct noprops));
}

void noprops_close(struct noprops *table)
{
    free(table);
}

/* The finishing step of MurmurHash3 (public domain): each bit of the input moves half of the bits. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

static uint64_t mark_of(const struct fs_stat *st)
{
    return mix(mix(mix(st->dev) + st->ino) + (uint64_t)st->ctime_ns) | 1;
}

static size_t slot_of(const struct fs_stat *st)
{
    return (size_t)(st->ino + mix(st->dev)) % SLOTS;
}

bool noprops_knows(const struct noprops *table, const struct fs_stat *st)
{
    return table && atomic_load_explicit(&table->slots[slot_of(st)], memory_order_relaxed) == mark_of(st);
}

void noprops_remember(struct noprops *table, const struct fs_stat *st, int64_t now_ns)
{
    if (table && st->ctime_ns < now_ns - SETTLE_NS)
        atomic_store_explicit(&table->slots[slot_of(st)], mark_of(st), memory_order_relaxed);
}
