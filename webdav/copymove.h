/*
 * COPY and MOVE: what they have in common. copymove.c refuses from the head and looks at the
 * destination, copy.c stages and publishes a copy, move.c renames, crossing.c moves to another file system.
 *
 * A copy is staged without a guard, for as long as it takes, and published under one.
 */
#ifndef HOLDFAST_COPYMOVE_H
#define HOLDFAST_COPYMOVE_H

#include "webdav/request.h"

#define COPYMOVE_ATTEMPTS 8 /* to publish while somebody behind our back makes and removes the name */

struct copymove {
    bool is_move, overwrite;
    bool deep;      /* COPY: with the members */
    bool crosses;   /* MOVE: the destination is on another file system */
    bool has_mtime; /* X-OC-Mtime, of files */
    int64_t mtime_ns;
    bool dest_exists; /* and what it is: as found by the last copymove_check_dest */
    bool dest_is_dir;
    struct thing dest_thing;
};

/* Looks at the destination, and checks Overwrite and the locks there; under the guard before acting.
 * False after having replied. */
bool copymove_check_dest(struct dav_request *r);

/* Done: 201 with Location, or 204. What was replaced has lost its locks below (its own stays: the URL
 * stays mapped, RFC 4918 7.6). */
void copymove_reply_done(struct dav_request *r);

/* ---- copies ---- */

struct copy_failure {
    const char *relpath;
    int error;
    struct copy_failure *next;
};

struct copied {
    struct staging *staging;
    bool is_tree;
    const char *props;             /* what the copy is called in the propstore */
    struct fs_stat st;             /* of the source, as copied */
    struct copy_failure *failures; /* the first ones, in the request's pool */
    unsigned failure_count;
    enum status_role role; /* after an error: where it was met */
};

/* Stages a copy of the request's resource for its destination. *out is filled in any case. */
int copy_stage(struct dav_request *r, struct copied *out);

/* Publishes over what copymove_check_dest found. The staging is the request's afterwards, or freed. */
int copy_commit(struct dav_request *r, struct copied *copied);

/* Always, after copy_stage: gives up what was not published; what remains to be removed is the request's. */
void copy_release(struct dav_request *r, struct copied *copied);

/* 207 that names the members that could not be copied. */
void copy_reply_failures(struct dav_request *r, const struct copied *copied);

/* ---- moves ---- */

/* The source as it is now; false after having replied. Under the guard. */
bool move_check_source(struct dav_request *r, struct fs_stat *out);

/* The source has lost its locks, and then as copymove_reply_done. */
void move_reply_done(struct dav_request *r);

/* The destination is on another file system (tree_move said EXDEV). Takes the guard itself. */
void move_across(struct dav_request *r);

/* At the start, before anybody is served and before recovery_begin: ends what move_across had begun when the
 * process died. The first error; then source and destination are both there. */
int move_across_recover(struct dav *dav);

#endif
