/*
 * Canonical paths (see fs.h) and what may be one.
 *
 * Pure functions over strings; results live in the pool given. Percent-decoding is not done here
 * (webdav/uri.h does it); what comes in are the bytes of a decoded path.
 *
 * Reserved names: ".holdfast" at the root is our URL space, and every name that begins with
 * ".holdfast-" is a staging or trash name of ours. Clients never see them and never make them.
 */
#ifndef HOLDFAST_PATH_H
#define HOLDFAST_PATH_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

#include "fs/fs.h"

#define PATH_RESERVED_ROOT   ".holdfast"
#define PATH_RESERVED_PREFIX ".holdfast-"

/* Makes a canonical path of `len` decoded bytes: leading, trailing and doubled slashes go, "."
 * and ".." names and NUL bytes are refused with EINVAL (a client that sends ".." after decoding
 * means no good: URLs are resolved before they are sent). ENAMETOOLONG if a name is over
 * FS_NAME_MAX or the whole over FS_PATH_MAX. *out_slash tells whether the input ended in a slash
 * (the root counts as such). */
int path_canonical(apr_pool_t *pool, const char *bytes, size_t len, const char **out, bool *out_slash);

/* "a/b/c" -> "a/b"; "a" -> "". Must not be asked of the root. */
const char *path_parent(apr_pool_t *pool, const char *path);

/* The last name: "a/b/c" -> "c", a pointer into `path`; "" for the root. */
const char *path_name(const char *path);

/* "" + "a" -> "a"; "a" + "b" -> "a/b"; "a" + "" -> "a". */
const char *path_join(apr_pool_t *pool, const char *base, const char *rest);

/* Is `path` the same as `base`, or below it? Everything is within "". */
bool path_is_within(const char *path, const char *base);

/* `path`, which is within `from`, as it is called after `from` became `to`. */
const char *path_rebase(apr_pool_t *pool, const char *path, const char *from, const char *to);

/* Is any name of the path one of ours? */
bool path_is_reserved(const char *path);

/* Is this name, in the directory at `dir_path`, one of ours? */
bool path_name_is_reserved(const char *dir_path, const char *name);

/* The stored spelling of a path (RFC 5198 is no help: macOS sends decomposed names, Linux disks
 * hold composed ones): each name as given if it exists so, else its NFC or NFD form if that
 * exists, else as given. Never rewrites a name on disk. ASCII paths cost nothing. */
int path_find(struct fs *fs, const char *path, apr_pool_t *pool, const char **out);

/* The handle of the parent directory and the final name of `path`, a pointer into it. Nothing is
 * asked about the name itself. The root: dir = the root, name "". */
int path_open_parent(struct fs *fs, const char *path, struct fs_dir **out_dir, const char **out_name);

/* The handle of the parent directory and the final name of `path`. `follow`: if the last name is
 * a link, go on to what it points to, which must exist. Otherwise the last name need not exist.
 * ENOENT/ENOTDIR if the parent is missing or not a directory. The root: dir = the root, name "". */
int path_locate(struct fs *fs, const char *path, bool follow, apr_pool_t *pool, struct fs_dir **out_dir,
                const char **out_name);

#endif
