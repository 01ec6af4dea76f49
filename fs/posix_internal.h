/*
 * What the parts of the posix backend share; nobody else includes it.
 *
 *   posix.c          the table of operations, the root, what goes by path
 *   posix_resolve.c  openat2 and links: the only file that opens by path
 *   posix_dir.c      what goes by an open directory and a name
 *   posix_file.c     files being written
 *   posix_copy.c     the quickest way from one file into another
 */
#ifndef HOLDFAST_POSIX_INTERNAL_H
#define HOLDFAST_POSIX_INTERNAL_H

#include <stdatomic.h>

#include "fs/fs.h"

#define POSIX_PROC_SIZE 32 /* "/proc/self/fd/N" */

struct posix_fs {
    struct fs base;
    int root_fd;
    char *root_path;          /* absolute and without links, as it was when opened */
    atomic_bool link_by_proc; /* linkat(AT_EMPTY_PATH) is not for us */
};

struct posix_dir {
    struct fs_dir base;
    int fd;
    char *entries; /* what getdents64 filled, from the first fs_dir_next on */
    size_t entries_pos, entries_len;
    int64_t pos; /* behind the name that was read last */
    /* What becomes of the mode of a file that is made here: a umask and an inherited ACL take bits away, always the
     * same ones. The bits that were asked for so far, and << 16 those of them that were not given. */
    atomic_uint modes;
};

struct posix_file {
    struct fs_file base;
    int fd;
    uint64_t size;   /* bytes so far: where the next one goes */
    int write_error; /* the first one; reported again by the close */
    uint32_t mode;   /* that it was made with; POSIX_MODE_UNKNOWN */
};

#define POSIX_MODE_UNKNOWN UINT32_MAX

/* posix_resolve.c */

/* openat2 beneath the root; links followed if they stay inside, absolute ones too. */
int posix_resolve(struct posix_fs *fs, const char *path, uint64_t flags, int *out_fd);
int posix_real_path(struct fs *fs, const char *path, char *out, size_t size);
int posix_leads_to(struct fs *fs, const char *path, char *out, size_t size);
int posix_path_of(struct fs *fs, int fd, struct fs_dir *dir, char *out, size_t size);

/* posix_dir.c */

/* Of fd itself if the name is "". Links are not followed. */
int posix_statx(int fd, const char *name, struct fs_stat *out);

/* How a regular file is opened for reading. Whoever opens looks first (posix_check_file), so that a
 * fifo or device is not touched; should one take the file's place in between, this does not block, and
 * posix_take_file closes it again. */
#define POSIX_READ (O_RDONLY | O_NONBLOCK | O_NOCTTY)

/* 0 for a regular file; else why it is not to be read: EISDIR, ELOOP, EACCES. */
int posix_check_file(const struct fs_stat *st);

/* Takes over a descriptor that was just opened; closes it unless it is a regular file. */
int posix_take_file(int fd, int *out_fd, struct fs_stat *out);

int posix_dir_wrap(struct fs *fs, int fd, struct fs_dir **out);
int posix_stat_at(struct fs_dir *dir, const char *name, struct fs_stat *out);
int posix_open_at(struct fs_dir *dir, const char *name, bool is_file, int *out_fd, struct fs_stat *out);
int posix_dir_enter(struct fs_dir *dir, const char *name, struct fs_dir **out);
int posix_dir_up(struct fs_dir *dir, struct fs_dir **out);
int posix_dir_next(struct fs_dir *dir, const char **out_name, enum fs_type *out_type);
int64_t posix_dir_tell(struct fs_dir *dir);
int posix_dir_seek(struct fs_dir *dir, int64_t pos);
int posix_dir_sync(struct fs_dir *dir);
int posix_tree_sync(struct fs_dir *dir);
void posix_dir_close(struct fs_dir *dir);
int posix_get_attr(struct fs_dir *dir, const char *name, void *out, size_t size, size_t *out_len);
int posix_get_attr_fd(struct fs *fs, int fd, void *out, size_t size, size_t *out_len);
int posix_set_attr(struct fs_dir *dir, const char *name, const void *value, size_t len);
int posix_set_meta(struct fs_dir *dir, const char *name, const struct fs_meta *meta);
int posix_mkdir(struct fs_dir *dir, const char *name, uint32_t mode);
int posix_unlink(struct fs_dir *dir, const char *name);
int posix_rmdir(struct fs_dir *dir, const char *name);
int posix_rename(struct fs_dir *from_dir, const char *from, struct fs_dir *to_dir, const char *to,
                 enum fs_rename how);

/* Owner, mode and times of fd itself, or of an entry of it. */
int posix_apply_meta(int fd, const char *name, const struct fs_meta *meta);

/* posix_file.c */

int posix_file_create(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out);
int posix_file_write(struct fs_file *file, const void *data, size_t len);
int posix_file_stat(struct fs_file *file, struct fs_stat *out);
int posix_file_set_attr(struct fs_file *file, const void *value, size_t len);
int posix_file_set_meta(struct fs_file *file, const struct fs_meta *meta);
int posix_file_link(struct fs_file *file, struct fs_dir *dir, const char *name);
int posix_file_sync(struct fs_file *file);
int posix_file_close(struct fs_file *file);

/* posix_copy.c */

int posix_file_copy(struct fs_file *file, int fd, uint64_t size, struct progress *progress);

#endif
