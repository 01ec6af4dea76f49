/*
 * A backend in memory that fails where a test wants it to.
 *
 * It does what fs/fs.h promises (test_fs_contract.c holds it and the posix backend to the same), with
 * links, attributes, inode numbers and a clock that ticks at each use; permissions are kept and not
 * obeyed. Every call of an operation is counted. The n-th one can be made to fail, or to be the
 * last thing that happens: from a crash on every call fails without effect, until fs_mem_revive.
 *
 * Any number of threads may use it; one mutex.
 */
#ifndef HOLDFAST_FS_MEM_H
#define HOLDFAST_FS_MEM_H

#include "fs/fs.h"

/* dir_tell, dir_close and close cannot fail and are not counted. */
enum fs_mem_op {
    FS_MEM_ANY,
    FS_MEM_STAT,
    FS_MEM_OPEN,
    FS_MEM_DIR_OPEN,
    FS_MEM_REAL_PATH,
    FS_MEM_LEADS_TO,
    FS_MEM_STAT_AT,
    FS_MEM_OPEN_AT,
    FS_MEM_DIR_ENTER,
    FS_MEM_DIR_UP,
    FS_MEM_DIR_NEXT,
    FS_MEM_DIR_SEEK,
    FS_MEM_DIR_SYNC,
    FS_MEM_TREE_SYNC,
    FS_MEM_GET_ATTR,
    FS_MEM_GET_ATTR_FD,
    FS_MEM_SET_ATTR,
    FS_MEM_SET_META,
    FS_MEM_MKDIR,
    FS_MEM_UNLINK,
    FS_MEM_RMDIR,
    FS_MEM_RENAME,
    FS_MEM_FILE_CREATE,
    FS_MEM_FILE_WRITE,
    FS_MEM_FILE_COPY,
    FS_MEM_FILE_STAT,
    FS_MEM_FILE_SET_ATTR,
    FS_MEM_FILE_SET_META,
    FS_MEM_FILE_LINK,
    FS_MEM_FILE_SYNC,
    FS_MEM_FILE_CLOSE,
    FS_MEM_SPACE,
    FS_MEM_OPS /* how many */
};

/* File systems that cannot do everything. */
enum { FS_MEM_NO_UNNAMED = 1, FS_MEM_NO_EXCHANGE = 2, FS_MEM_NO_ATTRS = 4, FS_MEM_NO_TYPES = 8 };

int fs_mem_open(struct fs **out);
void fs_mem_quirks(struct fs *fs, unsigned quirks);

/* A link, or something that is neither file nor directory. */
int fs_mem_symlink(struct fs *fs, const char *path, const char *text);
int fs_mem_special(struct fs *fs, const char *path);

/* The directory becomes another file system; made empty before. */
int fs_mem_mount(struct fs *fs, const char *path);

/* The n-th call (1: the next one) of that operation from now on fails with `error`, once. The
 * counters begin anew. nth 0: none. */
void fs_mem_fail(struct fs *fs, enum fs_mem_op op, unsigned nth, int error);

/* As fs_mem_fail, but from that call on all fail, with EIO. */
void fs_mem_crash(struct fs *fs, unsigned nth);

/* Nothing fails any more. Tells whether anything had. */
bool fs_mem_revive(struct fs *fs);

/* Calls since the counters began. */
unsigned fs_mem_calls(struct fs *fs, enum fs_mem_op op);

/* Somebody else, who is called before each rmdir (not before his own), in its thread, and may change anything;
 * NULL: goes away. Set while nobody is at work. */
void fs_mem_intrude(struct fs *fs, void (*intruder)(void *ctx, struct fs_dir *dir, const char *name),
                    void *ctx);

/* How many threads have been at work in it. */
unsigned fs_mem_threads(struct fs *fs);

/* Directories and files that are open: 0 at the end, or something leaks. */
unsigned fs_mem_handles(struct fs *fs);

/* *most becomes the largest number of them from now on; NULL: no more. */
void fs_mem_watch_handles(struct fs *fs, unsigned *most);

#endif
