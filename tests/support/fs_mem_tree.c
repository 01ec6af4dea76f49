#include "tests/support/fs_mem_internal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINKS_MAX 40

int64_t node_now(void)
{
    static atomic_llong ticks;

    return INT64_C(1700000000000000000) + 1000000 * (int64_t)atomic_fetch_add(&ticks, 1);
}

struct node *node_new(enum fs_type type, uint32_t mode, uint64_t dev)
{
    static atomic_ullong inos;
    struct node *node = calloc(1, sizeof(*node));

    if (!node)
        return NULL;
    int64_t now = node_now();
    node->st = (struct fs_stat){
        .type = type,
        .mode = mode,
        .dev = dev,
        .ino = 2 + atomic_fetch_add(&inos, 1),
        .mtime_ns = now,
        .ctime_ns = now,
        .btime_ns = now,
    };
    return node;
}

void node_free_if_unused(struct node *node)
{
    if (node->links || node->handles)
        return;
    while (node->entries)
        entry_remove(node, node->entries->name);
    free(node->data);
    free(node->attr);
    free(node);
}

void node_touch(struct node *node)
{
    node->st.mtime_ns = node->st.ctime_ns = node_now();
}

int node_set_attr(struct node *node, const void *value, size_t len)
{
    char *attr = NULL;

    if (len > FS_ATTR_MAX)
        return E2BIG;
    if (len) {
        attr = malloc(len);
        if (!attr)
            return ENOMEM;
        memcpy(attr, value, len);
    }
    free(node->attr);
    node->attr = attr;
    node->attr_len = len;
    node->st.ctime_ns = node_now();
    return 0;
}

void node_set_meta(struct node *node, const struct fs_meta *meta)
{
    if (meta->set & FS_SET_OWNER) {
        node->st.uid = meta->uid;
        node->st.gid = meta->gid;
    }
    if (meta->set & FS_SET_MODE)
        node->st.mode = meta->mode;
    if (meta->set & FS_SET_MTIME)
        node->st.mtime_ns = meta->mtime_ns;
    node->st.ctime_ns = node_now();
}

struct node *node_by_ino(struct node *base, uint64_t ino)
{
    if (base->st.ino == ino)
        return base;
    for (const struct entry *entry = base->entries; entry; entry = entry->next) {
        struct node *found = node_by_ino(entry->node, ino);
        if (found)
            return found;
    }
    return NULL;
}

struct node *node_parent(struct node *base, const struct node *node)
{
    for (const struct entry *entry = base->entries; entry; entry = entry->next) {
        if (entry->node == node)
            return base;
        struct node *found = node_parent(entry->node, node);
        if (found)
            return found;
    }
    return NULL;
}

struct entry *entry_find(const struct node *dir, const char *name)
{
    struct entry *entry = dir->entries;

    while (entry && strcmp(entry->name, name) != 0)
        entry = entry->next;
    return entry;
}

int entry_add(struct node *dir, const char *name, struct node *node)
{
    struct entry **link = &dir->entries;
    static atomic_ullong serials;

    if (dir->st.type != FS_DIR)
        return ENOTDIR;
    if (!dir->links)
        return ENOENT;
    if (strlen(name) > FS_NAME_MAX)
        return ENAMETOOLONG;
    if (entry_find(dir, name))
        return EEXIST;
    struct entry *entry = malloc(sizeof(*entry) + strlen(name) + 1);
    if (!entry)
        return ENOMEM;
    *entry = (struct entry){ .node = node, .serial = 1 + atomic_fetch_add(&serials, 1) };
    memcpy(entry->name, name, strlen(name) + 1);
    while (*link)
        link = &(*link)->next;
    *link = entry;
    node->links++;
    node_touch(dir);
    return 0;
}

void entry_remove(struct node *dir, const char *name)
{
    struct entry **link = &dir->entries;

    while (strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    struct entry *entry = *link;
    *link = entry->next;
    entry->node->links--;
    node_free_if_unused(entry->node);
    free(entry);
    node_touch(dir);
}

bool node_is_within(const struct node *node, const struct node *base)
{
    if (node == base)
        return true;
    for (const struct entry *entry = base->entries; entry; entry = entry->next)
        if (entry->node->st.type == FS_DIR && node_is_within(node, entry->node))
            return true;
    return false;
}

/* A path without links. */
static int find(struct node *root, const char *path, struct node **out)
{
    char name[FS_NAME_MAX + 1];

    for (*out = root; *path; path += *path == '/') {
        size_t len = strcspn(path, "/");
        if ((*out)->st.type != FS_DIR)
            return ENOTDIR;
        if (len > FS_NAME_MAX)
            return ENAMETOOLONG;
        memcpy(name, path, len);
        name[len] = '\0';
        struct entry *entry = entry_find(*out, name);
        if (!entry)
            return ENOENT;
        *out = entry->node;
        path += len;
    }
    return 0;
}

static int go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (!*path)
        return EXDEV;
    *(slash ? slash : path) = '\0';
    return 0;
}

int node_resolve(struct node *root, const char *path, struct node **out, char *real)
{
    char rest[2 * FS_PATH_MAX], after[2 * FS_PATH_MAX];
    struct node *node = root;
    int links = 0, err = 0;

    snprintf(rest, sizeof(rest), "%s", path);
    real[0] = '\0';
    while (!err && *rest) {
        size_t len = strcspn(rest, "/"), done = strlen(real);
        snprintf(after, sizeof(after), "%s", rest + len + (rest[len] == '/'));
        rest[len] = '\0';
        if (strcmp(rest, "..") == 0) {
            err = go_up(real);
        } else if (len && strcmp(rest, ".") != 0) {
            if (done + 1 + len > FS_PATH_MAX)
                return ENAMETOOLONG;
            snprintf(real + done, FS_PATH_MAX + 1 - done, "%s%s", done ? "/" : "", rest);
            err = find(root, real, &node);
        }
        if (!err && node->st.type == FS_LINK) {
            err = ++links > LINKS_MAX ? ELOOP : node->data[0] == '/' ? EXDEV : go_up(real);
            if (!err && snprintf(rest, sizeof(rest), "%s%s%s", node->data, *after ? "/" : "", after) >=
                            (int)sizeof(rest))
                err = ENAMETOOLONG;
            node = root;
        } else {
            memcpy(rest, after, sizeof(rest));
        }
    }
    if ((err == ENOENT || err == ENOTDIR) && *rest) {
        size_t done = strlen(real);
        if (snprintf(real + done, FS_PATH_MAX + 1 - done, "/%s", rest) > (int)(FS_PATH_MAX - done))
            return ENAMETOOLONG;
    }
    return err ? err : find(root, real, out);
}
