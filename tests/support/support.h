/*
 * Small helpers that every test may need: folders that go away again, files in one line, and what
 * a tree looks like as text. A helper that cannot do its work ends the test with a message; memory
 * that they return is freed by the caller.
 */
#ifndef HOLDFAST_SUPPORT_H
#define HOLDFAST_SUPPORT_H

#include <stddef.h>

#include "fs/fs.h"
#include "fs/journal.h"

/* A new empty folder; support_temp_remove removes it with everything in it and frees the name. */
char *support_temp_dir(void);
void support_temp_remove(char *dir);

/* On disk, `path` below `dir`. */
void support_mkdir(const char *dir, const char *path);
void support_write(const char *dir, const char *path, const char *content);
char *support_read(const char *dir, const char *path); /* NULL if it cannot be opened */
void support_symlink(const char *dir, const char *path, const char *text);

/* Through any backend. Writing makes or replaces the content in place; attr NULL: none. */
void support_fs_mkdir(struct fs *fs, const char *path);
void support_fs_write(struct fs *fs, const char *path, const char *content);
void support_fs_set_attr(struct fs *fs, const char *path, const char *attr);
char *support_fs_read(struct fs *fs, const char *path);

/* Everything below the root, hidden names too, sorted, a line each:
 * "a/ 755", "a/b 644 content", "a/c 644 content {attribute}", "a/l ->". */
char *support_list(struct fs *fs);

/* The same, where an entry without attribute may have one elsewhere: as it would be in the file system, to be freed;
 * NULL for none. */
typedef char *support_attr_fn(void *ctx, const char *path, size_t *out_len);
char *support_list_with(struct fs *fs, support_attr_fn *elsewhere, void *ctx);

/* How many descriptors this process has open. */
unsigned support_open_fds(void);

/* A journal's store in memory. It outlives the journal, as a data base would. */
struct support_store;
struct support_store *support_store_new(void);
void support_store_free(struct support_store *store);
struct journal_store support_store_ops(struct support_store *store);
unsigned support_store_count(const struct support_store *store);
bool support_store_has(const struct support_store *store, const char *dir_path);
void support_store_fail(struct support_store *store, int error); /* every add, until 0 is set */

/* What a start does after a crash (recovery.h), from its beginning to its end, with this journal. Counts
 * the hidden names that were removed; the first error. */
int support_recover(struct journal *journal, struct fs *fs, unsigned *out_purged);

#endif
