#include "tests/support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/path.h"
#include "fs/recovery.h"

static void check(bool ok, const char *what, const char *path)
{
    if (!ok)
        fail_msg("%s %s: %s", what, path, strerror(errno));
}

char *support_temp_dir(void)
{
    const char *base = getenv("TMPDIR");
    char *dir;

    check(asprintf(&dir, "%s/holdfast-test-XXXXXX", base ? base : "/tmp") > 0, "asprintf", "");
    check(mkdtemp(dir) != NULL, "mkdtemp", dir);
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void support_temp_remove(char *dir)
{
    check(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "remove", dir);
    free(dir);
}

static char *join(const char *dir, const char *path)
{
    char *full;

    check(asprintf(&full, "%s/%s", dir, path) > 0, "asprintf", path);
    return full;
}

void support_mkdir(const char *dir, const char *path)
{
    char *full = join(dir, path);

    check(mkdir(full, 0755) == 0, "mkdir", full);
    free(full);
}

void support_write(const char *dir, const char *path, const char *content)
{
    char *full = join(dir, path);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t len = strlen(content);

    check(fd >= 0, "open", full);
    check(write(fd, content, len) == (ssize_t)len, "write", full);
    check(close(fd) == 0, "close", full);
    free(full);
}

static char *read_fd(int fd)
{
    size_t len;
    char *content;
    struct stat st;

    check(fstat(fd, &st) == 0, "fstat", "");
    content = malloc((size_t)st.st_size + 1);
    check(content != NULL, "malloc", "");
    len = (size_t)st.st_size;
    check(pread(fd, content, len, 0) == (ssize_t)len, "read", "");
    content[len] = '\0';
    close(fd);
    return content;
}

char *support_read(const char *dir, const char *path)
{
    char *full = join(dir, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC);

    free(full);
    return fd < 0 ? NULL : read_fd(fd);
}

void support_symlink(const char *dir, const char *path, const char *text)
{
    char *full = join(dir, path);

    check(symlink(text, full) == 0, "symlink", full);
    free(full);
}

static void ok(int err, const char *what, const char *path)
{
    errno = err;
    check(!err, what, path);
}

void support_fs_mkdir(struct fs *fs, const char *path)
{
    struct fs_dir *dir;
    const char *name;

    ok(path_open_parent(fs, path, &dir, &name), "parent of", path);
    ok(fs_mkdir(dir, name, 0755), "mkdir", path);
    fs_dir_close(dir);
}

void support_fs_write(struct fs *fs, const char *path, const char *content)
{
    struct fs_file *file;
    struct fs_dir *dir;
    const char *name;

    ok(path_open_parent(fs, path, &dir, &name), "parent of", path);
    int err = fs_unlink(dir, name);
    if (err != ENOENT)
        ok(err, "unlink", path);
    ok(fs_file_create(dir, name, 0644, &file), "create", path);
    ok(fs_file_write(file, content, strlen(content)), "write", path);
    ok(fs_file_close(file), "close", path);
    fs_dir_close(dir);
}

void support_fs_set_attr(struct fs *fs, const char *path, const char *attr)
{
    struct fs_dir *dir;
    const char *name;

    ok(path_open_parent(fs, path, &dir, &name), "parent of", path);
    ok(fs_set_attr(dir, name, attr, strlen(attr)), "attribute of", path);
    fs_dir_close(dir);
}

char *support_fs_read(struct fs *fs, const char *path)
{
    struct fs_stat st;
    int fd;

    ok(fs_open(fs, path, &fd, &st), "open", path);
    return read_fd(fd);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What separates its parts is not text. */
static void list_attr(FILE *out, const char *attr, size_t len)
{
    fputs(" {", out);
    for (size_t i = 0; i < len; i++)
        fputc((unsigned char)attr[i] < ' ' ? '|' : attr[i], out);
    fputc('}', out);
}

struct listing {
    FILE *out;
    support_attr_fn *elsewhere; /* or NULL */
    void *ctx;
};

static void list_elsewhere(const struct listing *listing, const char *path)
{
    size_t len;
    char *attr = listing->elsewhere ? listing->elsewhere(listing->ctx, path, &len) : NULL;

    if (attr)
        list_attr(listing->out, attr, len);
    free(attr);
}

static void list_entry(const struct listing *listing, struct fs_dir *dir, const char *name, const char *path)
{
    FILE *out = listing->out;
    char attr[FS_ATTR_MAX];
    struct fs_stat st;
    size_t len;
    int fd;

    ok(fs_stat_at(dir, name, &st), "stat", path);
    if (st.type == FS_LINK || st.type == FS_OTHER) {
        fprintf(out, "%s %s\n", path, st.type == FS_LINK ? "->" : "?");
        return;
    }
    fprintf(out, "%s%s %o", path, st.type == FS_DIR ? "/" : "", (unsigned)st.mode);
    if (st.type == FS_FILE) {
        ok(fs_open_at(dir, name, &fd, &st), "open", path);
        char *content = read_fd(fd);
        fprintf(out, " %s", content);
        free(content);
    }
    if (fs_get_attr(dir, name, attr, sizeof(attr), &len) == 0)
        list_attr(out, attr, len);
    else
        list_elsewhere(listing, path);
    fputc('\n', out);
}

static void list_dir(const struct listing *listing, struct fs_dir *dir, const char *dir_path)
{
    char *names[1024] = { NULL };
    size_t count = 0;
    const char *name;

    ok(fs_dir_rewind(dir), "rewind", dir_path);
    while (fs_dir_next(dir, &name) == 0 && name) {
        assert_true(count < sizeof(names) / sizeof(names[0]));
        names[count++] = strdup(name);
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        char *path = *dir_path ? join(dir_path, names[i]) : strdup(names[i]);
        struct fs_dir *member;
        list_entry(listing, dir, names[i], path);
        if (fs_dir_enter(dir, names[i], &member) == 0) {
            list_dir(listing, member, path);
            fs_dir_close(member);
        }
        free(path);
        free(names[i]);
    }
}

char *support_list(struct fs *fs)
{
    return support_list_with(fs, NULL, NULL);
}

char *support_list_with(struct fs *fs, support_attr_fn *elsewhere, void *ctx)
{
    struct fs_dir *root;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    const struct listing listing = { .out = out, .elsewhere = elsewhere, .ctx = ctx };

    check(out != NULL, "open_memstream", "");
    ok(fs_dir_open(fs, "", &root), "open", "the root");
    list_dir(&listing, root, "");
    fs_dir_close(root);
    fclose(out);
    return text;
}

unsigned support_open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    check(dir != NULL, "open", "/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 3; /* ".", ".." and the directory's own */
}

#define STORE_MAX 256

struct support_store {
    char *paths[STORE_MAX];
    unsigned count;
    int error;
};

struct support_store *support_store_new(void)
{
    struct support_store *store = calloc(1, sizeof(*store));

    check(store != NULL, "malloc", "store");
    return store;
}

void support_store_free(struct support_store *store)
{
    if (!store)
        return;
    while (store->count)
        free(store->paths[--store->count]);
    free(store);
}

static unsigned store_find(const struct support_store *store, const char *dir_path)
{
    unsigned i = 0;

    while (i < store->count && strcmp(store->paths[i], dir_path) != 0)
        i++;
    return i;
}

static int store_add(void *ctx, const char *dir_path)
{
    struct support_store *store = ctx;

    if (store->error)
        return store->error;
    if (store_find(store, dir_path) < store->count)
        return 0;
    assert_true(store->count < STORE_MAX);
    store->paths[store->count++] = strdup(dir_path);
    return 0;
}

static int store_remove(void *ctx, const char *dir_path)
{
    struct support_store *store = ctx;
    unsigned i = store_find(store, dir_path);

    if (i == store->count)
        return 0;
    free(store->paths[i]);
    store->paths[i] = store->paths[--store->count];
    return 0;
}

static int store_list(void *ctx, int (*each)(void *each_ctx, const char *dir_path), void *each_ctx)
{
    struct support_store *store = ctx;
    int err = 0;

    for (unsigned i = 0; i < store->count && !err; i++)
        err = each(each_ctx, store->paths[i]);
    return err;
}

struct journal_store support_store_ops(struct support_store *store)
{
    return (
        struct journal_store){ .ctx = store, .add = store_add, .remove = store_remove, .list = store_list };
}

unsigned support_store_count(const struct support_store *store)
{
    return store->count;
}

bool support_store_has(const struct support_store *store, const char *dir_path)
{
    return store_find(store, dir_path) < store->count;
}

void support_store_fail(struct support_store *store, int error)
{
    store->error = error;
}

int support_recover(struct journal *journal, struct fs *fs, unsigned *out_purged)
{
    struct journal *before = fs->journal;
    struct progress progress = { 0 };
    struct recovery *recovery;

    fs->journal = journal;
    int first = recovery_begin(fs, &recovery);
    unsigned found = recovery_left(recovery);
    int err = recovery_purge(recovery, &progress);
    *out_purged = found - recovery_left(recovery);
    recovery_free(recovery);
    fs->journal = before;
    return first ? first : err;
}
