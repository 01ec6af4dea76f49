/*
 * What only a real disk can show: links and races, holes, attributes, permissions, locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <cmocka.h>

#include "fs/crew.h"
#include "fs/path.h"
#include "fs/posix.h"
#include "fs/posix_internal.h"
#include "fs/staging.h"
#include "fs/tree.h"
#include "fs/walk.h"
#include "tests/support/support.h"

struct world {
    char *folder;  /* has "root" and "outside" */
    char *root;    /* its real path */
    struct fs *fs; /* of "root" */
    struct fs_dir *dir;
    unsigned open_fds;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    char path[PATH_MAX];

    world->open_fds = support_open_fds();
    umask(022);
    world->folder = support_temp_dir();
    chmod(world->folder, 0755);
    support_mkdir(world->folder, "root");
    support_mkdir(world->folder, "root-not"); /* begins alike */
    support_mkdir(world->folder, "outside");
    support_write(world->folder, "outside/secret", "outside");
    support_write(world->folder, "root-not/secret", "outside");
    snprintf(path, sizeof(path), "%s/root", world->folder);
    world->root = realpath(path, NULL);
    assert_non_null(world->root);
    assert_int_equal(posix_open(world->root, true, &world->fs), 0);
    assert_int_equal(fs_dir_open(world->fs, "", &world->dir), 0);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    fs_dir_close(world->dir);
    fs_close(world->fs);
    assert_int_equal(support_open_fds(), world->open_fds);
    free(world->root);
    support_temp_remove(world->folder);
    free(world);
    return 0;
}

/* A link whose text is the root's path and then `rest`. */
static void link_into_root(struct world *world, const char *path, const char *rest)
{
    char text[PATH_MAX];

    snprintf(text, sizeof(text), "%s%s", world->root, rest);
    support_symlink(world->root, path, text);
}

static void assert_content(struct fs *fs, const char *path, const char *expected)
{
    char *content = support_fs_read(fs, path);

    assert_string_equal(content, expected);
    free(content);
}

static void absolute_links_that_lie_inside_are_followed(void **state)
{
    struct world *world = *state;
    char real[FS_PATH_MAX + 1];
    struct fs_dir *dir;
    struct fs_stat st;

    support_mkdir(world->root, "a");
    support_mkdir(world->root, "a/b");
    support_write(world->root, "a/b/f", "content");
    link_into_root(world, "to-file", "/a/b/f");
    link_into_root(world, "to-dir", "/a/b");
    link_into_root(world, "odd", "//a/./b/../b//f");
    link_into_root(world, "to-link", "/to-dir/f");
    link_into_root(world, "to-root", "");
    support_symlink(world->root, "a/relative", "../to-dir");
    assert_content(world->fs, "to-file", "content");
    assert_content(world->fs, "to-dir/f", "content");
    assert_content(world->fs, "odd", "content");
    assert_content(world->fs, "to-link", "content");
    assert_content(world->fs, "to-root/to-root/a/relative/f", "content");
    assert_int_equal(fs_dir_open(world->fs, "to-dir", &dir), 0);
    fs_dir_close(dir);
    assert_int_equal(fs_stat(world->fs, "to-dir/none", &st), ENOENT);
    assert_int_equal(fs_stat(world->fs, "to-file/f", &st), ENOTDIR);
    link_into_root(world, "through-file", "/a/b/f/../f");
    assert_int_equal(fs_stat(world->fs, "through-file", &st), ENOTDIR);
    assert_int_equal(fs_real_path(world->fs, "to-root/a/relative/f", real, sizeof(real)), 0);
    assert_string_equal(real, "a/b/f");
    link_into_root(world, "to-nothing", "/a/./gone/../none");
    assert_int_equal(fs_leads_to(world->fs, "to-root/a/relative/f", real, sizeof(real)), 0);
    assert_string_equal(real, "a/b/f");
    assert_int_equal(fs_leads_to(world->fs, "to-nothing/x", real, sizeof(real)), 0);
    assert_string_equal(real, "a/none/x");
}

static void links_that_lead_out_are_refused(void **state)
{
    static const char *const names[] = { "absolute", "alike", "parent", "up/../secret", "dots", "proc" };
    struct world *world = *state;
    struct fs_dir *dir = NULL;
    char text[PATH_MAX], real[FS_PATH_MAX + 1];
    struct fs_stat st;
    int fd = -1;

    snprintf(text, sizeof(text), "%s/outside/secret", world->folder);
    support_symlink(world->root, "absolute", text);
    link_into_root(world, "alike", "-not/secret");
    support_symlink(world->root, "parent", "../outside/secret");
    support_symlink(world->root, "up", "../outside");
    link_into_root(world, "dots", "/../outside/secret");
    support_symlink(world->root, "proc", "/proc/self/root");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(fs_stat(world->fs, names[i], &st), EXDEV);
        assert_int_equal(fs_open(world->fs, names[i], &fd, &st), EXDEV);
        assert_int_equal(fs_dir_open(world->fs, names[i], &dir), EXDEV);
        assert_int_equal(fs_real_path(world->fs, names[i], real, sizeof(real)), EXDEV);
    }
    assert_int_equal(fd, -1);
}

static void what_is_open_is_known_by_its_place(void **state)
{
    struct world *world = *state;
    char path[FS_PATH_MAX + 1], tight[6];
    struct fs_dir *dir;
    struct fs_stat st;
    int fd;

    support_mkdir(world->root, "a");
    support_mkdir(world->root, "a/b");
    support_write(world->root, "a/b/f", "content");
    link_into_root(world, "to-file", "/a/b/f");
    assert_int_equal(fs_open(world->fs, "to-file", &fd, &st), 0);
    assert_int_equal(fs_path_of(world->fs, fd, NULL, path, sizeof(path)), 0);
    assert_string_equal(path, "a/b/f");
    assert_int_equal(fs_path_of(world->fs, fd, NULL, tight, sizeof(tight)), 0);
    assert_int_equal(fs_path_of(world->fs, fd, NULL, tight, sizeof(tight) - 1), ENAMETOOLONG);
    assert_int_equal(fs_dir_open(world->fs, "a/b", &dir), 0);
    assert_int_equal(fs_unlink(dir, "f"), 0);
    assert_int_equal(fs_path_of(world->fs, fd, NULL, path, sizeof(path)), 0);
    assert_string_equal(path, "a/b/f"); /* it was there */
    close(fd);
    assert_int_equal(fs_path_of(world->fs, -1, dir, path, sizeof(path)), 0);
    assert_string_equal(path, "a/b");
    fs_dir_close(dir);
    assert_int_equal(fs_dir_open(world->fs, "", &dir), 0);
    assert_int_equal(fs_path_of(world->fs, -1, dir, path, sizeof(path)), 0);
    assert_string_equal(path, "");
    fs_dir_close(dir);
    fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(fs_path_of(world->fs, fd, NULL, path, sizeof(path)), EXDEV);
    close(fd);
}

static void links_to_nothing_and_in_circles_end(void **state)
{
    struct world *world = *state;
    struct fs_stat st;
    char name[16], text[16];

    link_into_root(world, "dangling", "/none");
    link_into_root(world, "self", "/self");
    link_into_root(world, "one", "/two");
    support_symlink(world->root, "two", "one");
    support_mkdir(world->root, "d");
    link_into_root(world, "d/grows", "/d/grows/x");
    assert_int_equal(fs_stat(world->fs, "dangling", &st), ENOENT);
    assert_int_equal(fs_stat(world->fs, "self", &st), ELOOP);
    assert_int_equal(fs_stat(world->fs, "one", &st), ELOOP);
    assert_int_equal(fs_stat(world->fs, "two", &st), ELOOP);
    assert_int_equal(fs_stat(world->fs, "d/grows", &st), ELOOP);
    support_write(world->root, "0", "end");
    for (int i = 1; i <= 60; i++) { /* a chain that is too long, not a circle */
        snprintf(name, sizeof(name), "%d", i);
        snprintf(text, sizeof(text), "/%d", i - 1);
        link_into_root(world, name, text);
    }
    assert_content(world->fs, "30", "end");
    assert_int_equal(fs_stat(world->fs, "60", &st), ELOOP);
}

static void a_root_named_through_a_link_is_the_root_itself(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];
    struct fs *fs;

    fs_dir_close(world->dir);
    fs_close(world->fs);
    support_symlink(world->folder, "alias", "root");
    support_write(world->root, "f", "content");
    link_into_root(world, "link", "/f");
    snprintf(path, sizeof(path), "%s/alias", world->folder);
    assert_int_equal(posix_open(path, true, &fs), 0);
    assert_content(fs, "link", "content");
    fs_close(fs);
    assert_int_equal(posix_open(world->root, true, &world->fs), 0);
    assert_int_equal(fs_dir_open(world->fs, "", &world->dir), 0);
}

/* One thread swaps a directory for links that lead out, as fast as it can. */
struct swapper {
    pthread_t thread;
    int root_fd;
    atomic_bool stop;
    unsigned long swaps;
};

static void *swap_names(void *arg)
{
    struct swapper *swapper = arg;

    while (!atomic_load(&swapper->stop)) {
        renameat2(swapper->root_fd, "x", swapper->root_fd, "relative", RENAME_EXCHANGE);
        renameat2(swapper->root_fd, "x", swapper->root_fd, "absolute", RENAME_EXCHANGE);
        renameat2(swapper->root_fd, "x", swapper->root_fd, "inside", RENAME_EXCHANGE);
        swapper->swaps++;
    }
    return NULL;
}

/* Whatever is reached is inside; true if something was. */
static bool try_to_escape(struct world *world, const char *path)
{
    struct fs_stat st;
    char content[8];
    int fd;

    int err = fs_open(world->fs, path, &fd, &st);
    if (err) {
        assert_true(err == EXDEV || err == ENOENT || err == ENOTDIR || err == ELOOP);
        return false;
    }
    assert_int_equal(read(fd, content, sizeof(content)), 6);
    assert_memory_equal(content, "inside", 6);
    close(fd);
    return true;
}

static bool try_to_enter(struct world *world)
{
    struct fs_dir *dir;
    struct fs_stat st;

    if (fs_dir_enter(world->dir, "x", &dir) != 0)
        return false;
    assert_int_equal(fs_stat_at(dir, "mark", &st), 0); /* only inside has it */
    fs_dir_close(dir);
    return true;
}

static void swapping_names_for_links_never_leads_out(void **state)
{
    struct world *world = *state;
    struct swapper swapper = { .root_fd = open(world->root, O_PATH | O_DIRECTORY | O_CLOEXEC) };
    unsigned inside = 0, refused = 0;
    char text[PATH_MAX];

    support_mkdir(world->root, "x");
    support_write(world->root, "x/secret", "inside");
    support_write(world->root, "x/mark", "");
    support_symlink(world->root, "relative", "../outside");
    snprintf(text, sizeof(text), "%s/outside", world->folder);
    support_symlink(world->root, "absolute", text);
    link_into_root(world, "inside", "/y");
    support_mkdir(world->root, "y");
    support_write(world->root, "y/secret", "inside");
    support_write(world->root, "y/mark", "");
    link_into_root(world, "via", "/x");
    assert_int_equal(pthread_create(&swapper.thread, NULL, swap_names, &swapper), 0);
    for (int i = 0; i < 200000 && (i < 20000 || inside < 100 || refused < 100); i++) {
        bool reached = i % 3 == 0   ? try_to_escape(world, "x/secret")
                       : i % 3 == 1 ? try_to_escape(world, "via/secret")
                                    : try_to_enter(world);
        inside += reached;
        refused += !reached;
    }
    atomic_store(&swapper.stop, true);
    pthread_join(swapper.thread, NULL);
    close(swapper.root_fd);
    assert_true(inside >= 100 && refused >= 100); /* or it was no race */
}

static void a_root_is_served_once(void **state)
{
    struct world *world = *state;
    struct fs *second = NULL;

    assert_int_equal(posix_open(world->root, true, &second), EBUSY);
    assert_null(second);
    fs_dir_close(world->dir);
    fs_close(world->fs);
    assert_int_equal(posix_open(world->root, false, &world->fs), 0);
    assert_false(world->fs->durable);
    assert_int_equal(fs_dir_open(world->fs, "", &world->dir), 0);
}

static void what_is_no_folder_is_not_served(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];
    struct fs *fs = NULL;

    support_write(world->root, "f", "");
    snprintf(path, sizeof(path), "%s/f", world->root);
    assert_int_equal(posix_open(path, true, &fs), ENOTDIR);
    snprintf(path, sizeof(path), "%s/none", world->root);
    assert_int_equal(posix_open(path, true, &fs), ENOENT);
    assert_null(fs);
}

static void fifos_are_never_opened(void **state)
{
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };
    struct world *world = *state;
    char path[PATH_MAX], events[4096];
    struct fs_stat st;
    int fd;

    support_mkdir(world->root, "d");
    snprintf(path, sizeof(path), "%s/d/fifo", world->root);
    assert_int_equal(mkfifo(path, 0666), 0);
    support_symlink(world->root, "link", "d/fifo");
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(watch, path, IN_OPEN) >= 0);
    assert_int_equal(fs_open(world->fs, "d/fifo", &fd, &st), EACCES);
    assert_int_equal(fs_open(world->fs, "link", &fd, &st), EACCES);
    assert_int_equal(tree_copy(world->fs, "d", world->dir, "copy", true, &report), 0);
    assert_int_equal(tree_copy(world->fs, "link", world->dir, "copy2", true, &report), EACCES);
    assert_int_equal(read(watch, events, sizeof(events)), -1); /* nobody opened it */
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(tree_remove(world->dir, "d", "d", &report), 0);
    close(watch);
}

static void names_that_are_not_utf8_are_names(void **state)
{
    static const char *const names[] = {
        "\xff\xfe", "\xc3", "caf\xe9", "\xed\xa0\x80", "a\nb", " ", "~", "\\"
    };
    struct world *world = *state;
    apr_pool_t *pool;
    const char *found;

    assert_int_equal(apr_pool_create(&pool, NULL), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        support_fs_write(world->fs, names[i], "content");
        assert_int_equal(path_find(world->fs, names[i], pool, &found), 0);
        assert_string_equal(found, names[i]);
        assert_content(world->fs, found, "content");
    }
    support_write(world->root, "u\xcc\x88", "decomposed");
    assert_int_equal(path_find(world->fs, "\xc3\xbc", pool, &found), 0);
    assert_content(world->fs, found, "decomposed");
    apr_pool_destroy(pool);
}

static void many_names_are_listed_once_each(void **state)
{
    enum { COUNT = 5000 };
    struct world *world = *state;
    static unsigned char seen[COUNT];
    const char *name;
    char path[64];

    memset(seen, 0, sizeof(seen));
    support_mkdir(world->root, "d");
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof(path), "d/%d-with-a-longer-name", i);
        support_write(world->root, path, "");
    }
    struct fs_dir *dir;
    assert_int_equal(fs_dir_open(world->fs, "d", &dir), 0);
    while (fs_dir_next(dir, &name) == 0 && name)
        seen[atoi(name)]++;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(seen[i], 1);
    fs_dir_close(dir);
}

/* 64 MiB or so with two small islands of data in it. */
static void make_sparse(struct world *world, const char *name, off_t end)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", world->root, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "middle", 6, 32 << 20), 6);
    assert_int_equal(pwrite(fd, "later", 5, (48 << 20) + 100), 5);
    assert_int_equal(ftruncate(fd, end), 0);
    close(fd);
}

static int copy_file(struct world *world, const char *from, const char *to, const char *prefix, uint64_t size,
                     struct progress *progress)
{
    struct fs_file *file;
    struct fs_stat st;
    int fd;

    assert_int_equal(fs_open(world->fs, from, &fd, &st), 0);
    assert_int_equal(fs_file_create(world->dir, to, 0666, &file), 0);
    assert_int_equal(fs_file_write(file, prefix, strlen(prefix)), 0);
    int err = fs_file_copy(file, fd, size ? size : st.size, progress);
    assert_int_equal(fs_file_close(file), 0);
    close(fd);
    return err;
}

static void holes_stay_holes(void **state)
{
    struct world *world = *state;
    struct progress progress = { 0 };
    char path[PATH_MAX], content[6];
    struct stat st;

    make_sparse(world, "sparse", 64 << 20);
    assert_int_equal(copy_file(world, "sparse", "copy", "", 0, &progress), 0);
    assert_int_equal(progress.bytes_done, 64 << 20);
    snprintf(path, sizeof(path), "%s/copy", world->root);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 64 << 20);
    assert_true(st.st_blocks < 1024);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, content, 6, 32 << 20), 6);
    assert_memory_equal(content, "middle", 6);
    assert_int_equal(pread(fd, content, 5, (48 << 20) + 100), 5);
    assert_memory_equal(content, "later", 5);
    close(fd);
}

static void files_of_every_size_are_copied_byte_by_byte(void **state)
{
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 200000, (8u << 20) + 1, 20000000 };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int prefixed = 0; prefixed < 2; prefixed++) {
            struct progress progress = { 0 };
            char *content = malloc(sizes[i] + 1), from[48], to[48];
            for (size_t j = 0; j < sizes[i]; j++)
                content[j] = (char)('a' + (j * 31 + j / 4096) % 26);
            content[sizes[i]] = '\0';
            snprintf(from, sizeof(from), "from-%zu-%d", i, prefixed);
            snprintf(to, sizeof(to), "to-%zu-%d", i, prefixed);
            support_write(world->root, from, content);
            assert_int_equal(copy_file(world, from, to, prefixed ? "> " : "", 0, &progress), 0);
            char *copied = support_read(world->root, to);
            assert_int_equal(strlen(copied), sizes[i] + (prefixed ? 2 : 0));
            assert_true(strcmp(copied + (prefixed ? 2 : 0), content) == 0);
            assert_int_equal(progress.bytes_done, sizes[i]);
            free(copied);
            free(content);
        }
    }
}

static void a_file_that_changed_is_copied_to_its_end(void **state)
{
    struct world *world = *state;
    struct progress progress = { 0 };
    char *content = malloc(300001);

    memset(content, 'c', 300000);
    content[300000] = '\0';
    support_write(world->root, "large", content);
    support_write(world->root, "small", "small");
    assert_int_equal(copy_file(world, "large", "grown", "", 5, &progress), 0);
    assert_int_equal(copy_file(world, "small", "shrunk", "", 300000, NULL), 0);
    char *grown = support_read(world->root, "grown"), *shrunk = support_read(world->root, "shrunk");
    assert_string_equal(grown, content);
    assert_string_equal(shrunk, "small");
    assert_int_equal(progress.bytes_done, 300000);
    free(grown);
    free(shrunk);
    free(content);
}

static void attributes_reach_names_of_any_length(void **state)
{
    struct world *world = *state;
    char name[FS_NAME_MAX + 1], value[3000], read_back[4000];
    size_t len;

    memset(name, '\xc3', FS_NAME_MAX);
    name[FS_NAME_MAX] = '\0';
    memset(value, 'v', sizeof(value));
    support_fs_write(world->fs, name, "");
    assert_int_equal(fs_set_attr(world->dir, name, value, sizeof(value)), 0);
    assert_int_equal(fs_get_attr(world->dir, name, read_back, sizeof(read_back), &len), 0);
    assert_int_equal(len, sizeof(value));
    assert_memory_equal(value, read_back, len);
    assert_int_equal(fs_set_attr(world->dir, name, NULL, 0), 0);
    assert_int_equal(fs_get_attr(world->dir, name, read_back, sizeof(read_back), &len), ENODATA);
}

/* As older container engines do it: what they do not know is forbidden. */
static void forbid_getxattrat(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 464, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { .len = sizeof(filter) / sizeof(*filter), .filter = filter };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(2);
}

static void attributes_are_read_where_the_newest_call_is_forbidden(void **state)
{
    struct world *world = *state;
    char value[16];
    size_t len = 0;
    int status;

    support_write(world->root, "f", "x");
    assert_int_equal(fs_set_attr(world->dir, "f", "value", 5), 0);
    pid_t child = fork();
    if (child == 0) {
        forbid_getxattrat();
        _exit(fs_get_attr(world->dir, "f", value, sizeof(value), &len) == 0 && len == 5 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void an_attribute_of_a_link_is_not_its_target_s(void **state)
{
    struct world *world = *state;
    char value[8];
    size_t len;

    support_write(world->root, "f", "");
    support_symlink(world->root, "link", "f");
    assert_int_not_equal(fs_set_attr(world->dir, "link", "x", 1), 0);
    assert_int_equal(fs_get_attr(world->dir, "f", value, sizeof(value), &len), ENODATA);
}

static void a_name_can_be_given_without_privilege(void **state)
{
    struct world *world = *state;
    struct fs_file *file;

    atomic_store(&((struct posix_fs *)world->fs)->link_by_proc, true);
    assert_int_equal(fs_file_create(world->dir, NULL, 0666, &file), 0);
    assert_int_equal(fs_file_write(file, "content", 7), 0);
    assert_int_equal(fs_file_link(file, world->dir, "f"), 0);
    assert_int_equal(fs_file_link(file, world->dir, "f"), EEXIST);
    assert_int_equal(fs_file_close(file), 0);
    assert_content(world->fs, "f", "content");
}

/* What happens to one who is not root, in a process of its own; its status is the result. */
static int as_nobody(int (*what)(struct world *world), struct world *world)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        _exit(what(world));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int remove_locked(struct world *world)
{
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };
    struct fs_dir *dir;
    char path[64];

    if (crew_open(2, &world->fs->crew) || fs_dir_open(world->fs, "d", &dir) || fs_mkdir(dir, "tree", 0777))
        return 1;
    support_fs_mkdir(world->fs, "d/tree/unreadable");
    support_fs_mkdir(world->fs, "d/tree/unreadable/sub");
    support_fs_mkdir(world->fs, "d/tree/unwritable");
    support_fs_write(world->fs, "d/tree/unwritable/f", "");
    for (unsigned i = 0; i < 500; i++) { /* as many as several threads share */
        snprintf(path, sizeof(path), "d/tree/unwritable/%u", i);
        support_fs_write(world->fs, path, "");
    }
    support_fs_set_attr(world->fs, "d/tree/unwritable", "props");
    struct fs_dir *tree;
    if (fs_dir_open(world->fs, "d/tree", &tree))
        return 2;
    if (fs_set_meta(tree, "unreadable", &(struct fs_meta){ .set = FS_SET_MODE, .mode = 0 }) ||
        fs_set_meta(tree, "unwritable", &(struct fs_meta){ .set = FS_SET_MODE, .mode = 0555 }))
        return 3;
    if (tree_copy(world->fs, "d/tree", dir, "copy", true, &report) != 0)
        return 4;
    if (progress.members_done != 2 + 501)
        return 8;
    if (tree_remove(dir, "tree", "d/tree", &report) != 0)
        return 5;
    struct fs_stat st; /* what could be read is there, in the same mode */
    if (fs_stat(world->fs, "d/copy/unwritable/f", &st) || fs_stat(world->fs, "d/copy/unwritable", &st) ||
        st.mode != 0555 || fs_stat(world->fs, "d/copy/unreadable", &st) != ENOENT)
        return 6;
    return tree_remove(dir, "copy", "d/copy", &report) ? 7 : 0;
}

static void trees_that_lock_out_their_owner_are_copied_and_removed(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];

    support_mkdir(world->root, "d");
    snprintf(path, sizeof(path), "%s/d", world->root);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(as_nobody(remove_locked, world), 0);
}

#define DEEP 10000

#define HIDDEN ".holdfast-1-0123456789abcdef-0" /* has the form of ours (hidden.h) */

/* Directories one in the other, HIDDEN the first of them, with a file at the bottom. */
static void build_deep(struct world *world)
{
    struct fs_dir *dir;

    support_write(world->root, HIDDEN, "");
    for (unsigned i = 0; i < DEEP; i++) {
        assert_int_equal(fs_mkdir(world->dir, "new", 0777), 0);
        assert_int_equal(fs_dir_enter(world->dir, "new", &dir), 0);
        assert_int_equal(fs_rename(world->dir, HIDDEN, dir, "d", FS_NOREPLACE), 0);
        fs_dir_close(dir);
        assert_int_equal(fs_rename(world->dir, "new", world->dir, HIDDEN, FS_NOREPLACE), 0);
    }
}

static void set_helpers(struct world *world, unsigned helpers)
{
    crew_close(world->fs->crew);
    assert_int_equal(crew_open(helpers, &world->fs->crew), 0);
}

static void assert_copy(struct world *world, const char *from, const char *to, uint64_t members)
{
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };

    assert_int_equal(tree_copy(world->fs, from, world->dir, to, true, &report), 0);
    assert_int_equal(progress.members_done, members);
}

static void assert_remove(struct world *world, const char *name, uint64_t members)
{
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };

    assert_int_equal(tree_remove(world->dir, name, name, &report), 0);
    assert_int_equal(progress.members_done, members);
}

static void assert_deep_walk(struct world *world, const char *path)
{
    struct walk_entry entry;
    enum walk_event event;
    struct walk *walk;
    int deepest = 0;

    assert_int_equal(walk_open(world->fs, path, WALK_FOLLOW, WALK_DEEP, &walk), 0);
    while ((event = walk_next(walk, &entry)) != WALK_END) {
        assert_true(event != WALK_FAILED);
        if (entry.depth > deepest)
            deepest = entry.depth;
    }
    walk_close(walk);
    assert_int_equal(deepest, DEEP);
}

static void trees_deeper_than_the_limit_on_descriptors_are_no_problem(void **state)
{
    struct support_store *store = support_store_new();
    struct journal_store ops = support_store_ops(store);
    struct world *world = *state;
    struct rlimit before, low;
    struct journal *journal;
    unsigned purged;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = (struct rlimit){ .rlim_cur = 150, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    build_deep(world);
    for (unsigned helpers = 0; helpers < 2; helpers++) {
        set_helpers(world, helpers);
        assert_copy(world, HIDDEN, "copy", DEEP + 1);
        assert_deep_walk(world, "copy");
        assert_remove(world, "copy", DEEP + 1);
    }
    assert_int_equal(journal_open(&ops, &journal), 0);
    assert_int_equal(journal_enter(journal, ""), 0);
    assert_int_equal(support_recover(journal, world->fs, &purged), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(purged, 1);
    char *list = support_list(world->fs);
    assert_string_equal(list, "");
    free(list);
    set_helpers(world, 0);
    journal_close(journal);
    support_store_free(store);
}

static void make_wide(struct world *world, const char *dir, unsigned count)
{
    char path[64];

    support_mkdir(world->root, dir);
    for (unsigned i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%u-with-a-longer-name", dir, i);
        support_write(world->root, path, path);
    }
}

static void make_large(struct world *world, const char *path, size_t size, unsigned seed)
{
    char *content = malloc(size + 1);

    for (size_t i = 0; i < size; i++)
        content[i] = (char)('a' + (i + seed + i / 4096) % 26);
    content[size] = '\0';
    support_write(world->root, path, content);
    free(content);
}

static void assert_same_content(struct world *world, const char *path, const char *other)
{
    char *one = support_read(world->root, path), *two = support_read(world->root, other);

    assert_true(strcmp(one, two) == 0);
    free(one);
    free(two);
}

/* One large directory, and large files. */
static void helpers_copy_the_same_as_one_thread(void **state)
{
    enum { COUNT = 3000, LARGE = 6 };
    struct world *world = *state;
    char path[64], to[64];

    make_wide(world, "wide", COUNT);
    for (unsigned i = 0; i < LARGE; i++) {
        snprintf(path, sizeof(path), "wide/large-%u", i);
        make_large(world, path, 3 << 20, i);
    }
    for (unsigned helpers = 0; helpers < 4; helpers++) {
        set_helpers(world, helpers);
        assert_copy(world, "wide", "copy", 1 + COUNT + LARGE);
        for (unsigned i = 0; i < COUNT + LARGE; i++) {
            snprintf(path, sizeof(path), i < COUNT ? "wide/%u-with-a-longer-name" : "wide/large-%u",
                     i < COUNT ? i : i - COUNT);
            snprintf(to, sizeof(to), "copy%s", path + strlen("wide"));
            assert_same_content(world, path, to);
        }
        assert_remove(world, "copy", 1 + COUNT + LARGE);
    }
    set_helpers(world, 0);
}

struct stopper {
    struct progress progress;
    uint64_t at_bytes, at_members;
};

static void *stop_meanwhile(void *arg)
{
    struct stopper *stopper = arg;

    while (stopper->progress.bytes_done < stopper->at_bytes ||
           stopper->progress.members_done < stopper->at_members)
        sched_yield();
    progress_stop(&stopper->progress);
    return NULL;
}

/* Copies and stops that: again, if the copy was quicker. What had been done then, is told. */
static void stop_copy(struct world *world, const char *path, struct stopper at, struct progress *out)
{
    struct progress unwatched = { 0 };
    const struct tree_report removing = { .progress = &unwatched };
    pthread_t thread;
    int err = 0;

    for (unsigned tries = 0; !err && tries < 100; tries++) {
        struct stopper stopper = at;
        const struct tree_report copying = { .progress = &stopper.progress };
        assert_int_equal(pthread_create(&thread, NULL, stop_meanwhile, &stopper), 0);
        err = tree_copy(world->fs, path, world->dir, "copy", true, &copying);
        assert_int_equal(pthread_join(thread, NULL), 0);
        *out = stopper.progress;
        assert_int_equal(tree_remove(world->dir, "copy", "copy", &removing), 0);
    }
    assert_int_equal(err, ECANCELED);
}

static void a_stop_takes_effect_within_a_file_and_within_a_directory(void **state)
{
    const struct stopper in_file = { .at_bytes = 1 }, in_dir = { .at_members = 100 };
    struct world *world = *state;
    struct progress progress;

    support_mkdir(world->root, "large");
    make_large(world, "large/f", 40 << 20, 0);
    make_wide(world, "wide", 5000);
    for (unsigned helpers = 0; helpers < 3; helpers++) {
        set_helpers(world, helpers);
        stop_copy(world, "large", in_file, &progress);
        assert_true(progress.bytes_done < 40 << 20);
        stop_copy(world, "wide", in_dir, &progress);
        assert_true(progress.members_done < 5001);
    }
    set_helpers(world, 0);
}

static uint32_t make_with(struct world *world, const char *name, uint32_t made, const uint32_t *set,
                          int count)
{
    struct fs_file *file;
    struct fs_stat st;

    assert_int_equal(fs_file_create(world->dir, name, made, &file), 0);
    for (int i = 0; i < count; i++) {
        const struct fs_meta meta = { .set = FS_SET_MODE, .mode = set[i] };
        assert_int_equal(fs_file_set_meta(file, &meta), 0);
    }
    assert_int_equal(fs_file_stat(file, &st), 0);
    assert_int_equal(fs_file_close(file), 0);
    assert_int_equal(fs_unlink(world->dir, name), 0);
    return st.mode;
}

/* What a umask takes away is learnt from the first file, for the bits that it was made with. */
static void files_get_their_modes_whatever_the_umask(void **state)
{
    struct world *world = *state;
    mode_t before = umask(027);

    for (int round = 0; round < 2; round++) {
        assert_int_equal(make_with(world, "f", 0640, (uint32_t[]){ 0640 }, 1), 0640);
        assert_int_equal(make_with(world, "f", 0644, (uint32_t[]){ 0644 }, 1), 0644);
        assert_int_equal(make_with(world, "f", 0777, (uint32_t[]){ 0777 }, 1), 0777);
        assert_int_equal(make_with(world, "f", 0777, NULL, 0), 0750);
        assert_int_equal(make_with(world, "f", 0640, (uint32_t[]){ 0600, 0640 }, 2), 0640);
        assert_int_equal(make_with(world, "f", 0644, (uint32_t[]){ 0640 }, 1), 0640);
    }
    umask(before);
}

static void *copy_into_the_deleted(void *arg)
{
    struct world *world = arg;
    struct progress progress = { 0 };
    const struct tree_report report = { .progress = &progress };
    struct staging *staging;
    struct fs_stat st;

    if (staging_open_tree(world->fs, "p/q/copy", &staging) != 0)
        return NULL; /* too late */
    if (tree_copy(world->fs, "src", staging_dir(staging), staging_name(staging), true, &report) == 0)
        staging_commit(staging, true, &st);
    staging_free(staging);
    return NULL;
}

static void a_copy_into_a_folder_that_is_deleted_leaves_nothing(void **state)
{
    struct support_store *store = support_store_new();
    struct journal_store ops = support_store_ops(store);
    struct world *world = *state;
    struct progress progress = { 0 };
    struct staging *staging;
    struct trash *trash;
    pthread_t thread;
    char path[64];

    assert_int_equal(journal_open(&ops, &world->fs->journal), 0);
    world->fs->durable = false;
    support_mkdir(world->root, "src");
    for (unsigned i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "src/%u", i);
        if (i % 20 == 0)
            support_mkdir(world->root, path);
        else
            support_write(world->root, path, "");
    }
    for (unsigned i = 0; i < 50; i++) {
        support_mkdir(world->root, "p");
        support_mkdir(world->root, "p/q");
        assert_int_equal(pthread_create(&thread, NULL, copy_into_the_deleted, world), 0);
        usleep(i * 100);
        assert_int_equal(tree_trash(world->fs, "p", &trash), 0);
        trash_purge(trash, &progress);
        pthread_join(thread, NULL);
    }
    /* two that end at the same time may each leave it to the other: then the next one does it */
    assert_int_equal(staging_open_tree(world->fs, "other", &staging), 0);
    staging_free(staging);
    assert_int_equal(fs_dir_rewind(world->dir), 0);
    const char *name = NULL;
    assert_int_equal(fs_dir_next(world->dir, &name), 0);
    assert_string_equal(name, "src");
    assert_int_equal(fs_dir_next(world->dir, &name), 0);
    assert_null(name);
    journal_close(world->fs->journal);
    world->fs->journal = NULL;
    assert_int_equal(support_store_count(store), 0);
    support_store_free(store);
}

static int look_at_forbidden(struct world *world)
{
    struct fs_meta meta = { .set = FS_SET_OWNER, .uid = 0, .gid = 0 };
    struct fs_file *file;
    struct fs_stat st;
    int fd;

    if (fs_open(world->fs, "secret", &fd, &st) != EACCES)
        return 1;
    if (fs_file_create(world->dir, NULL, 0666, &file) == 0)
        return 2; /* the root's folder is not writable */
    struct fs_dir *dir;
    if (fs_dir_open(world->fs, "d", &dir) || fs_file_create(dir, NULL, 0666, &file))
        return 3;
    if (fs_file_set_meta(file, &meta) != 0)
        return 4; /* giving it to somebody is tried, not required */
    if (fs_file_link(file, dir, "f") != 0)
        return 5;
    return fs_file_close(file);
}

static void permissions_are_the_kernel_s(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];

    support_write(world->root, "secret", "");
    snprintf(path, sizeof(path), "%s/secret", world->root);
    assert_int_equal(chmod(path, 0600), 0);
    support_mkdir(world->root, "d");
    snprintf(path, sizeof(path), "%s/d", world->root);
    assert_int_equal(chmod(path, 0777), 0);
    if (getuid() != 0)
        skip();
    assert_int_equal(as_nobody(look_at_forbidden, world), 0);
}

static void descriptors_do_not_survive_exec(void **state)
{
    struct world *world = *state;
    struct fs_file *file;
    struct fs_stat st;
    int fd;

    support_write(world->root, "f", "");
    assert_int_equal(fs_open(world->fs, "f", &fd, &st), 0);
    assert_int_equal(fs_file_create(world->dir, NULL, 0666, &file), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(((struct posix_dir *)world->dir)->fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(((struct posix_fs *)world->fs)->root_fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(((struct posix_file *)file)->fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fs_file_close(file), 0);
    close(fd);
}

static int set_up_group(void **state)
{
    (void)state;
    return apr_initialize();
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(absolute_links_that_lie_inside_are_followed),
        TEST(links_that_lead_out_are_refused),
        TEST(what_is_open_is_known_by_its_place),
        TEST(links_to_nothing_and_in_circles_end),
        TEST(helpers_copy_the_same_as_one_thread),
        TEST(a_stop_takes_effect_within_a_file_and_within_a_directory),
        TEST(trees_deeper_than_the_limit_on_descriptors_are_no_problem),
        TEST(files_get_their_modes_whatever_the_umask),
        TEST(a_copy_into_a_folder_that_is_deleted_leaves_nothing),
        TEST(a_root_named_through_a_link_is_the_root_itself),
        TEST(swapping_names_for_links_never_leads_out),
        TEST(a_root_is_served_once),
        TEST(what_is_no_folder_is_not_served),
        TEST(fifos_are_never_opened),
        TEST(names_that_are_not_utf8_are_names),
        TEST(many_names_are_listed_once_each),
        TEST(holes_stay_holes),
        TEST(files_of_every_size_are_copied_byte_by_byte),
        TEST(a_file_that_changed_is_copied_to_its_end),
        TEST(attributes_reach_names_of_any_length),
        TEST(attributes_are_read_where_the_newest_call_is_forbidden),
        TEST(an_attribute_of_a_link_is_not_its_target_s),
        TEST(a_name_can_be_given_without_privilege),
        TEST(trees_that_lock_out_their_owner_are_copied_and_removed),
        TEST(permissions_are_the_kernel_s),
        TEST(descriptors_do_not_survive_exec),
    };

    return cmocka_run_group_tests_name("posix", tests, set_up_group, NULL);
}
