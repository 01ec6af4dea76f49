/*
 * What is at a path, asked by methods that are about to change it.
 *
 * A link that stays inside the root is seen as what it leads to. One that leads out, in a circle or
 * nowhere is not seen by clients at all; but its name is taken, so it may not be written over
 * either: EACCES, EXDEV, ELOOP.
 *
 * Functions that answer set r->reply and return false.
 */
#ifndef HOLDFAST_RESOURCE_H
#define HOLDFAST_RESOURCE_H

#include "webdav/request.h"

/* 0: *out_exists tells whether there is anything, *out is its stat (links followed) if so. A missing
 * parent counts as nothing there. */
int resource_look(struct fs *fs, const char *path, bool *out_exists, struct fs_stat *out);

/* RFC 4918 9.3.1, 9.7.1, 9.8.5: a new resource needs a collection to be in, else 409. */
bool resource_has_parent(struct dav_request *r, const char *path);

/* The path with the links in all names but the last one resolved: the one spelling of "this name in
 * that directory". The parent must exist. */
int resource_binding(struct fs *fs, apr_pool_t *pool, const char *path, const char **out);

/* precond_check, and precond_check_locks for another path; where links lead to the path, the locks on
 * its binding count as well: they are on URLs, but what they protect has several. */
bool resource_check(struct dav_request *r, const struct fs_stat *st, unsigned change);
bool resource_check_locks(struct dav_request *r, const char *path, unsigned change);

/* The dead properties of `name` in `dir` as stored; *out_len 0 if there are none or none can be. */
int resource_attr(struct fs_dir *dir, const char *name, apr_pool_t *pool, const void **out, size_t *out_len);

/* Bytes that clients may still write where `path` is (above config.min_free), and bytes in use. */
int resource_space(struct dav *dav, const char *path, uint64_t *out_available, uint64_t *out_used);

/* Would `size` more bytes where `path` is going to be leave what must stay free? With size 0: is there that
 * much now? Where nobody can tell, yes: writing will. Any thread. */
bool resource_leaves_space(struct dav *dav, const char *path, uint64_t size);

/* The same as an answer: 507. */
bool resource_has_space(struct dav_request *r, const char *path, uint64_t size);

#endif
