/*
 * Walking a tree, one entry at a time, in the caller's rhythm.
 *
 * A walk is an iterator: open, call walk_next until WALK_END, close. It can rest between two calls
 * for as long as the caller likes (a slow client slows its own walk) and may go on in another
 * thread. Memory is bounded by the depth, not by the number of entries, and few directories are open at
 * any depth (nest.h). Listing, copying and removing all stand on it.
 *
 * Order: a directory comes as WALK_ENTER before its members and as WALK_LEAVE after them; anything
 * else as WALK_ENTRY. The root of the walk comes first. Within a directory there is no order.
 *
 * What is met: names of ours are skipped unless WALK_HIDDEN. With WALK_FOLLOW a link that stays
 * inside the root appears as what it points to, and others (dangling, leading out) are not there at
 * all; a circle comes as WALK_FAILED with ELOOP, be it a link that leads to itself or a directory,
 * reached through a link, that the walk is in already. Without WALK_FOLLOW a link appears as FS_LINK.
 * An entry that vanishes between being read and being looked at is skipped. A directory that cannot
 * be opened comes as WALK_FAILED with its errno instead of WALK_ENTER; one that cannot be read to its
 * end as WALK_FAILED in the middle, before its WALK_LEAVE; so does one that was moved away while the walk was
 * far below it (ENOENT). The walk goes on with the rest.
 */
#ifndef HOLDFAST_WALK_H
#define HOLDFAST_WALK_H

#include "fs/fs.h"

/* WALK_TYPES: where the directory itself tells that an entry is no directory (and no link to be followed),
 * its `st` has only the type: nobody has looked at it. */
enum { WALK_FOLLOW = 1, WALK_HIDDEN = 2, WALK_TYPES = 4 };
#define WALK_DEEP (-1) /* max_depth: no limit */

enum walk_event { WALK_END, WALK_ENTRY, WALK_ENTER, WALK_LEAVE, WALK_FAILED };

struct walk;

/* Of what a walk meets, what is there for whoever walks. */
struct walk_filter {
    /* Asked twice of a member: before it is looked at, as FS_UNKNOWN, where "true" means that it may be; then of
     * what it is, links followed, or FS_OTHER if that cannot be told. `is_linked`: links lead to it, here or further
     * up below the walk's root. In the thread that walks. */
    bool (*shows)(const struct walk_filter *filter, const char *path, enum fs_type type, bool is_linked);

    /* What was opened by its path, since links may lead to it: is it something that is there? Names may have been
     * exchanged in between. The directory, or if that is NULL the file `fd`. */
    bool (*holds)(const struct walk_filter *filter, struct fs_dir *dir, int fd);
};

/* Valid until the next call on the walk. */
struct walk_entry {
    const char *path;    /* canonical, from the fs root */
    const char *relpath; /* from the root of the walk; "" for that itself */
    const char *name;    /* in `dir` */
    struct fs_dir *dir;  /* the directory that has the entry; with via_link what it has is the link. NULL if
                            it is not there any more, and for the root of what walk_split made */
    struct fs_dir *entered; /* for WALK_ENTER the directory itself; NULL at max_depth */
    struct fs_stat st;      /* links followed if the walk follows; for WALK_FAILED what is known of it */
    bool via_link;
    int depth; /* 0 = the root of the walk */
    int error; /* for WALK_FAILED */
};

/* `path` is followed if it is a link. max_depth 0: only the root; 1: its members too; WALK_DEEP.
 * A directory at max_depth comes as WALK_ENTER and WALK_LEAVE with nothing between, unopened.
 * ENOENT etc. if the root cannot be looked at. */
int walk_open(struct fs *fs, const char *path, unsigned flags, int max_depth, struct walk **out);

/* The same for an entry of an open directory that is not followed (staging names); `path` is what
 * it is called from the fs root. `dir` must outlive the walk. */
int walk_open_at(struct fs_dir *dir, const char *name, const char *path, unsigned flags, struct walk **out);

/* Before the first member is met; NULL: all is there. The filter is the caller's, for as long as the walk and what was split
 * off from it. The root is not asked about. */
void walk_set_filter(struct walk *walk, const struct walk_filter *filter);

enum walk_event walk_next(struct walk *walk, struct walk_entry *out);

/* After WALK_ENTER: leave the directory at once, without its members; its WALK_LEAVE comes next. */
void walk_skip(struct walk *walk);

/* After WALK_FAILED for a directory that could not be opened: look at it once more. After WALK_LEAVE:
 * enter it again and read it from its beginning. After any other WALK_FAILED nothing happens. */
void walk_retry(struct walk *walk);

/* After WALK_ENTER: what is to come in that directory becomes a walk of its own, which may go on in another
 * thread: its first event is the first member, its last one the WALK_LEAVE. For the old walk the directory
 * is over, without a WALK_LEAVE. Costs as much as the directory is deep. ENOMEM: nothing has changed. */
int walk_split(struct walk *walk, struct walk **out);

void walk_close(struct walk *walk);

#endif
