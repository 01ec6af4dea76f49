/*
 * What the parts of the memory backend share: its nodes, and how an operation begins and ends.
 */
#ifndef HOLDFAST_FS_MEM_INTERNAL_H
#define HOLDFAST_FS_MEM_INTERNAL_H

#include <pthread.h>

#include "fs/fs.h"
#include "tests/support/fs_mem.h"

#define MEM_UMASK 0022u

struct node {
    struct fs_stat st; /* size of files is kept in it */
    unsigned links;    /* names that it has */
    unsigned handles;  /* open ones */
    char *data;        /* of a file, or the text of a link */
    char *attr;
    size_t attr_len;
    struct entry *entries; /* of a directory, in the order in which they came */
};

struct entry {
    struct entry *next;
    struct node *node;
    uint64_t serial; /* grows: where a reader of the directory is */
    char name[];
};

struct node *node_new(enum fs_type type, uint32_t mode, uint64_t dev);
void node_free_if_unused(struct node *node);

/* The time, a little later at each call. */
int64_t node_now(void);
void node_touch(struct node *node);

int node_set_attr(struct node *node, const void *value, size_t len);
void node_set_meta(struct node *node, const struct fs_meta *meta);

/* In the tree below `base`; NULL if it has no name there. */
struct node *node_by_ino(struct node *base, uint64_t ino);

/* The directory below `base` that has it as an entry; NULL if none has. */
struct node *node_parent(struct node *base, const struct node *node);

struct entry *entry_find(const struct node *dir, const char *name);

/* The directory must have a name itself (ENOENT) and not have this one (EEXIST). */
int entry_add(struct node *dir, const char *name, struct node *node);
void entry_remove(struct node *dir, const char *name);

bool node_is_within(const struct node *node, const struct node *base);

/* Follows links. `real` (FS_PATH_MAX + 1 bytes) is the path without them; after ENOENT and ENOTDIR as far as there are
 * any, with the rest of the path behind it. */
int node_resolve(struct node *root, const char *path, struct node **out, char *real);

struct mem_fs {
    struct fs base;
    pthread_mutex_t mutex;
    struct node *root;
    unsigned quirks;
    unsigned serial; /* which backend of all that there were */
    unsigned threads;
    unsigned handles, *most_handles;
    uint64_t dev_count;

    enum fs_mem_op fail_op;
    unsigned fail_nth;
    int fail_error;
    bool is_crash, has_failed, is_down;
    unsigned calls[FS_MEM_OPS];

    void (*intruder)(void *ctx, struct fs_dir *dir, const char *name);
    void *intruder_ctx;
};

struct mem_dir {
    struct fs_dir base;
    struct node *node;
    uint64_t serial;
    char name[FS_NAME_MAX + 1];
};

static inline struct mem_fs *mem(struct fs *fs)
{
    return (struct mem_fs *)fs;
}

static inline struct node *dir_node(const struct fs_dir *dir)
{
    return ((const struct mem_dir *)dir)->node;
}

/* 0: go on, and mem_end() it. Otherwise the operation fails at once. */
int mem_begin(struct fs *fs, enum fs_mem_op op);
int mem_end(struct fs *fs, int err);

int mem_file_create(struct fs_dir *dir, const char *name, uint32_t mode, struct fs_file **out);
int mem_file_write(struct fs_file *file, const void *data, size_t len);
int mem_file_copy(struct fs_file *file, int fd, uint64_t size, struct progress *progress);
int mem_file_stat(struct fs_file *file, struct fs_stat *out);
int mem_file_set_attr(struct fs_file *file, const void *value, size_t len);
int mem_file_set_meta(struct fs_file *file, const struct fs_meta *meta);
int mem_file_link(struct fs_file *file, struct fs_dir *dir, const char *name);
int mem_file_sync(struct fs_file *file);
int mem_file_close(struct fs_file *file);

#endif
