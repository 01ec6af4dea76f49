/*
 * What fs/fs.h promises, asked of every backend: each test runs on a folder on disk and in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/fs.h"
#include "fs/posix.h"
#include "tests/support/fs_mem.h"
#include "tests/support/support.h"

struct world {
    struct fs *fs;
    struct fs_dir *root;
    char *folder; /* NULL in memory */
    unsigned open_fds;
};

static int set_up(void **state, bool on_disk)
{
    struct world *world = calloc(1, sizeof(*world));

    world->open_fds = support_open_fds();
    umask(022);
    if (on_disk) {
        world->folder = support_temp_dir();
        assert_int_equal(posix_open(world->folder, true, &world->fs), 0);
    } else {
        assert_int_equal(fs_mem_open(&world->fs), 0);
    }
    assert_int_equal(fs_dir_open(world->fs, "", &world->root), 0);
    *state = world;
    return 0;
}

static int set_up_posix(void **state)
{
    return set_up(state, true);
}

static int set_up_mem(void **state)
{
    return set_up(state, false);
}

static int tear_down(void **state)
{
    struct world *world = *state;

    fs_dir_close(world->root);
    if (!world->folder)
        assert_int_equal(fs_mem_handles(world->fs), 0);
    fs_close(world->fs);
    if (world->folder)
        support_temp_remove(world->folder);
    assert_int_equal(support_open_fds(), world->open_fds);
    free(world);
    return 0;
}

static void make_symlink(struct world *world, const char *path, const char *text)
{
    if (world->folder)
        support_symlink(world->folder, path, text);
    else
        assert_int_equal(fs_mem_symlink(world->fs, path, text), 0);
}

static void make_special(struct world *world, const char *path)
{
    char full[4096];

    if (!world->folder) {
        assert_int_equal(fs_mem_special(world->fs, path), 0);
        return;
    }
    snprintf(full, sizeof(full), "%s/%s", world->folder, path);
    assert_int_equal(mkfifo(full, 0644), 0);
}

static void assert_content(struct fs *fs, const char *path, const char *expected)
{
    char *content = support_fs_read(fs, path);

    assert_string_equal(content, expected);
    free(content);
}

static void assert_list(struct fs *fs, const char *expected)
{
    char *list = support_list(fs);

    assert_string_equal(list, expected);
    free(list);
}

static void a_new_file_has_what_was_written_into_it(void **state)
{
    struct world *world = *state;
    struct fs_file *file;
    struct fs_stat st;

    assert_int_equal(fs_file_create(world->root, "f", 0666, &file), 0);
    assert_int_equal(fs_file_write(file, "one ", 4), 0);
    assert_int_equal(fs_file_write(file, "two", 3), 0);
    assert_int_equal(fs_file_stat(file, &st), 0);
    assert_int_equal(st.size, 7);
    assert_int_equal(st.type, FS_FILE);
    assert_int_equal(fs_file_sync(file), 0);
    assert_int_equal(fs_file_close(file), 0);
    assert_list(world->fs, "f 644 one two\n");
}

static void creating_over_a_name_is_refused(void **state)
{
    struct world *world = *state;
    struct fs_file *file = NULL;

    support_fs_write(world->fs, "f", "old");
    assert_int_equal(fs_file_create(world->root, "f", 0666, &file), EEXIST);
    assert_null(file);
    assert_int_equal(fs_mkdir(world->root, "f", 0777), EEXIST);
    assert_content(world->fs, "f", "old");
}

static void an_unnamed_file_is_seen_by_nobody_until_linked(void **state)
{
    struct world *world = *state;
    struct fs_file *file;

    support_fs_write(world->fs, "taken", "old");
    assert_int_equal(fs_file_create(world->root, NULL, 0666, &file), 0);
    assert_int_equal(fs_file_write(file, "new", 3), 0);
    assert_list(world->fs, "taken 644 old\n");
    assert_int_equal(fs_file_link(file, world->root, "taken"), EEXIST);
    assert_int_equal(fs_file_link(file, world->root, "f"), 0);
    assert_int_equal(fs_file_close(file), 0);
    assert_list(world->fs, "f 644 new\ntaken 644 old\n");
}

static void an_unnamed_file_that_is_closed_is_gone(void **state)
{
    struct world *world = *state;
    struct fs_file *file;

    assert_int_equal(fs_file_create(world->root, NULL, 0666, &file), 0);
    assert_int_equal(fs_file_close(file), 0);
    assert_list(world->fs, "");
}

static void a_copy_appends_the_source_from_its_beginning(void **state)
{
    struct world *world = *state;
    struct progress progress = { 0 };
    struct fs_file *file;
    struct fs_stat st;
    char byte;
    int fd;

    support_fs_write(world->fs, "source", "content");
    assert_int_equal(fs_open(world->fs, "source", &fd, &st), 0);
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(fs_file_create(world->root, "f", 0666, &file), 0);
    assert_int_equal(fs_file_write(file, "> ", 2), 0);
    assert_int_equal(fs_file_copy(file, fd, st.size, &progress), 0);
    assert_int_equal(fs_file_write(file, " <", 2), 0);
    assert_int_equal(fs_file_close(file), 0);
    close(fd);
    assert_content(world->fs, "f", "> content <");
    assert_int_equal(progress.bytes_done, 7);
    assert_int_equal(progress.members_done, 0);
}

static void a_copy_that_is_to_stop_stops(void **state)
{
    struct world *world = *state;
    struct progress progress = { .stop = true };
    struct fs_file *file;
    struct fs_stat st;
    int fd;

    support_fs_write(world->fs, "source", "content");
    assert_int_equal(fs_open(world->fs, "source", &fd, &st), 0);
    assert_int_equal(fs_file_create(world->root, "f", 0666, &file), 0);
    assert_int_equal(fs_file_copy(file, fd, st.size, &progress), ECANCELED);
    assert_int_equal(fs_file_close(file), 0);
    close(fd);
}

static void only_files_are_opened(void **state)
{
    struct world *world = *state;
    struct fs_stat st = { .size = 77 };
    int fd = -2;

    support_fs_mkdir(world->fs, "dir");
    make_special(world, "special");
    make_symlink(world, "link", "dir");
    assert_int_equal(fs_open(world->fs, "dir", &fd, &st), EISDIR);
    assert_int_equal(fs_open(world->fs, "link", &fd, &st), EISDIR);
    assert_int_equal(fs_open(world->fs, "special", &fd, &st), EACCES);
    assert_int_equal(fs_open(world->fs, "nothing", &fd, &st), ENOENT);
    assert_int_equal(fs_open_at(world->root, "dir", &fd, &st), EISDIR);
    assert_int_equal(fs_open_at(world->root, "link", &fd, &st), ELOOP);
    assert_int_equal(fs_open_at(world->root, "special", &fd, &st), EACCES);
    assert_int_equal(fs_open_at(world->root, "nothing", &fd, &st), ENOENT);
    assert_int_equal(fs_open_file_at(world->root, "link", &fd, &st), ELOOP); /* not a file any more */
    assert_int_equal(fs_open_file_at(world->root, "special", &fd, &st), EACCES);
    assert_int_equal(fs_open_file_at(world->root, "nothing", &fd, &st), ENOENT);
    assert_int_equal(fd, -2); /* untouched on failure */
    assert_int_equal(st.size, 77);
}

static void paths_follow_links_and_names_do_not(void **state)
{
    struct world *world = *state;
    struct fs_stat by_path, by_name, target;
    struct fs_dir *dir = NULL;

    support_fs_mkdir(world->fs, "dir");
    support_fs_write(world->fs, "dir/f", "content");
    make_symlink(world, "file-link", "dir/f");
    make_symlink(world, "dir-link", "dir");
    assert_int_equal(fs_stat(world->fs, "dir/f", &target), 0);
    assert_int_equal(fs_stat(world->fs, "file-link", &by_path), 0);
    assert_int_equal(fs_stat_at(world->root, "file-link", &by_name), 0);
    assert_int_equal(by_path.ino, target.ino);
    assert_int_equal(by_name.type, FS_LINK);
    assert_content(world->fs, "dir-link/f", "content");
    int err = fs_dir_enter(world->root, "dir-link", &dir);
    assert_true(err == ENOTDIR || err == ELOOP);
    assert_int_equal(fs_dir_open(world->fs, "dir-link", &dir), 0);
    fs_dir_close(dir);
}

static void links_that_lead_nowhere_say_why(void **state)
{
    struct world *world = *state;
    struct fs_stat st;

    support_fs_mkdir(world->fs, "dir");
    support_fs_write(world->fs, "file", "");
    make_symlink(world, "out", "../elsewhere");
    make_symlink(world, "dir/out", "../../elsewhere");
    make_symlink(world, "absolute", "/etc/passwd");
    make_symlink(world, "dangling", "nothing");
    make_symlink(world, "circle", "circle");
    make_symlink(world, "dir/up", "..");
    assert_int_equal(fs_stat(world->fs, "out", &st), EXDEV);
    assert_int_equal(fs_stat(world->fs, "dir/out", &st), EXDEV);
    assert_int_equal(fs_stat(world->fs, "absolute", &st), EXDEV);
    assert_int_equal(fs_stat(world->fs, "dangling", &st), ENOENT);
    assert_int_equal(fs_stat(world->fs, "circle", &st), ELOOP);
    assert_int_equal(fs_stat(world->fs, "file/member", &st), ENOTDIR);
    assert_int_equal(fs_stat(world->fs, "dir/up/dir", &st), 0);
    assert_int_equal(st.type, FS_DIR);
}

static void the_real_path_has_no_links_in_it(void **state)
{
    struct world *world = *state;
    char real[FS_PATH_MAX + 1], tight[6];

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "a/b");
    support_fs_write(world->fs, "a/b/f", "");
    make_symlink(world, "l", "a/b");
    make_symlink(world, "a/b/up", "../..");
    make_symlink(world, "out", "..");
    assert_int_equal(fs_real_path(world->fs, "", real, sizeof(real)), 0);
    assert_string_equal(real, "");
    assert_int_equal(fs_real_path(world->fs, "a/b/f", real, sizeof(real)), 0);
    assert_string_equal(real, "a/b/f");
    assert_int_equal(fs_real_path(world->fs, "l/f", real, sizeof(real)), 0);
    assert_string_equal(real, "a/b/f");
    assert_int_equal(fs_real_path(world->fs, "l/up", real, sizeof(real)), 0);
    assert_string_equal(real, "");
    assert_int_equal(fs_real_path(world->fs, "l/up/l/f", tight, sizeof(tight)), 0);
    assert_string_equal(tight, "a/b/f");
    assert_int_equal(fs_real_path(world->fs, "l/f", tight, sizeof(tight) - 1), ENAMETOOLONG);
    assert_int_equal(fs_real_path(world->fs, "l/none", real, sizeof(real)), ENOENT);
    assert_int_equal(fs_real_path(world->fs, "out", real, sizeof(real)), EXDEV);
}

static void a_path_leads_somewhere_though_there_is_nothing(void **state)
{
    static const struct {
        const char *path, *leads_to;
        int error;
    } rows[] = {
        { "", "", 0 },
        { "a/b/f", "a/b/f", 0 },
        { "l/f", "a/b/f", 0 },
        { "l/up", "", 0 },
        { "none", "none", 0 },
        { "a/none/x/y", "a/none/x/y", 0 },
        { "a/b/f/x", "a/b/f/x", 0 },
        { "l/none", "a/b/none", 0 },
        { "l/none/x", "a/b/none/x", 0 },
        { "l/f/x", "a/b/f/x", 0 },
        { "l/up/none", "none", 0 },
        { "dangling", "a/none/deep", 0 },
        { "dangling/x", "a/none/deep/x", 0 },
        { "l/sideways", "a/gone", 0 },
        { "out", NULL, EXDEV },
        { "out/x", NULL, EXDEV },
        { "circle", NULL, ELOOP },
    };
    struct world *world = *state;
    char real[FS_PATH_MAX + 1], tight[9];

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "a/b");
    support_fs_write(world->fs, "a/b/f", "");
    make_symlink(world, "l", "a/b");
    make_symlink(world, "a/b/up", "../..");
    make_symlink(world, "a/b/sideways", "../gone");
    make_symlink(world, "dangling", "a/none/deep");
    make_symlink(world, "out", "..");
    make_symlink(world, "circle", "circle");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int error = fs_leads_to(world->fs, rows[i].path, real, sizeof real);
        if (error != rows[i].error || (!error && strcmp(real, rows[i].leads_to) != 0))
            fail_msg("%s: %d, %s", rows[i].path, error, error ? "" : real);
    }
    assert_int_equal(fs_leads_to(world->fs, "l/none", tight, sizeof tight), 0);
    assert_int_equal(fs_leads_to(world->fs, "l/none", tight, sizeof tight - 1), ENAMETOOLONG);
}

static void a_directory_lists_each_name_once(void **state)
{
    struct world *world = *state;
    unsigned seen[200] = { 0 };
    struct fs_dir *dir;
    const char *name;
    char path[32];

    support_fs_mkdir(world->fs, "dir");
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "dir/%03d", i);
        support_fs_write(world->fs, path, "");
    }
    assert_int_equal(fs_dir_open(world->fs, "dir", &dir), 0);
    for (int pass = 1; pass <= 2; pass++) {
        while (fs_dir_next(dir, &name) == 0 && name)
            seen[atoi(name)]++;
        for (int i = 0; i < 200; i++)
            assert_int_equal(seen[i], pass);
        assert_int_equal(fs_dir_rewind(dir), 0);
    }
    fs_dir_close(dir);
}

static void a_directory_tells_what_its_entries_are(void **state)
{
    static const struct {
        const char *name;
        enum fs_type type;
    } rows[] = { { "dir", FS_DIR }, { "file", FS_FILE }, { "link", FS_LINK }, { "special", FS_OTHER } };
    struct world *world = *state;
    unsigned seen = 0;
    enum fs_type type;
    const char *name;

    support_fs_mkdir(world->fs, "dir");
    support_fs_write(world->fs, "file", "");
    make_symlink(world, "link", "file");
    make_special(world, "special");
    while (fs_dir_next_typed(world->root, &name, &type) == 0 && name)
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            if (strcmp(rows[i].name, name) == 0) {
                assert_true(type == rows[i].type || (world->folder && type == FS_UNKNOWN));
                seen |= 1u << i;
            }
    assert_int_equal(seen, 15);
}

static void another_handle_reads_on_where_one_was(void **state)
{
    struct world *world = *state;
    unsigned seen[2000] = { 0 };
    struct fs_dir *dir;
    const char *name;
    char path[32];

    support_fs_mkdir(world->fs, "dir");
    for (int i = 0; i < 2000; i++) {
        snprintf(path, sizeof(path), "dir/%04d", i);
        support_fs_write(world->fs, path, "");
    }
    assert_int_equal(fs_dir_open(world->fs, "dir", &dir), 0);
    assert_int_equal(fs_dir_tell(dir), 0);
    for (int i = 1; fs_dir_next(dir, &name) == 0 && name; i++) {
        seen[atoi(name)]++;
        if (i % 300)
            continue;
        int64_t pos = fs_dir_tell(dir);
        fs_dir_close(dir);
        assert_int_equal(fs_dir_open(world->fs, "dir", &dir), 0);
        assert_int_equal(fs_dir_seek(dir, pos), 0);
        assert_int_equal(fs_dir_tell(dir), pos);
    }
    for (int i = 0; i < 2000; i++)
        assert_int_equal(seen[i], 1);
    fs_dir_close(dir);
}

static void from_a_directory_one_comes_to_what_holds_it(void **state)
{
    struct world *world = *state;
    struct fs_dir *dir, *up, *above;
    struct fs_stat st, up_st;

    support_fs_mkdir(world->fs, "a");
    support_fs_mkdir(world->fs, "a/b");
    assert_int_equal(fs_dir_open(world->fs, "a/b", &dir), 0);
    assert_int_equal(fs_dir_up(dir, &up), 0);
    assert_int_equal(fs_stat(world->fs, "a", &st), 0);
    assert_int_equal(fs_stat_at(up, "", &up_st), 0);
    assert_int_equal(up_st.ino, st.ino);
    assert_int_equal(up_st.dev, st.dev);
    assert_int_equal(fs_dir_up(up, &above), 0);
    assert_int_equal(fs_stat_at(above, "", &up_st), 0);
    assert_int_equal(fs_stat(world->fs, "", &st), 0);
    assert_int_equal(up_st.ino, st.ino);
    fs_dir_close(above);
    fs_dir_close(up);
    fs_dir_close(dir);
}

static void a_directory_that_is_kept_stays_open(void **state)
{
    struct world *world = *state;
    struct fs_dir *dir;
    struct fs_stat st;

    support_fs_mkdir(world->fs, "dir");
    assert_int_equal(fs_dir_open(world->fs, "dir", &dir), 0);
    fs_dir_keep(dir);
    fs_dir_close(dir);
    assert_int_equal(fs_stat_at(dir, "", &st), 0);
    fs_dir_close(dir); /* tear_down counts what is open */
}

static void every_change_shows_in_the_time_of_change(void **state)
{
    const struct fs_meta meta = { .set = FS_SET_MODE | FS_SET_MTIME, .mode = 0600, .mtime_ns = 1 };
    struct world *world = *state;
    struct fs_stat made, now;

    support_fs_write(world->fs, "f", "");
    assert_int_equal(fs_stat(world->fs, "f", &made), 0);
    assert_true(made.ctime_ns >= made.btime_ns);
    usleep(20000); /* longer than a tick of the kernel's clock */
    assert_int_equal(fs_set_attr(world->root, "f", "a", 1), 0);
    assert_int_equal(fs_stat(world->fs, "f", &now), 0);
    assert_true(now.ctime_ns > made.ctime_ns);
    assert_int_equal(now.mtime_ns, made.mtime_ns);
    made = now;
    usleep(20000);
    assert_int_equal(fs_set_meta(world->root, "f", &meta), 0);
    assert_int_equal(fs_stat(world->fs, "f", &now), 0);
    assert_true(now.ctime_ns > made.ctime_ns);
}

static void the_empty_name_is_the_directory_itself(void **state)
{
    struct world *world = *state;
    const struct fs_meta meta = { .set = FS_SET_MODE | FS_SET_MTIME, .mode = 0711, .mtime_ns = 1500000001 };
    struct fs_stat by_handle, by_path;
    struct fs_dir *dir;
    char value[8];
    size_t len;

    support_fs_mkdir(world->fs, "dir");
    assert_int_equal(fs_dir_open(world->fs, "dir", &dir), 0);
    assert_int_equal(fs_set_meta(dir, "", &meta), 0);
    assert_int_equal(fs_set_attr(dir, "", "props", 5), 0);
    assert_int_equal(fs_stat_at(dir, "", &by_handle), 0);
    assert_int_equal(fs_stat(world->fs, "dir", &by_path), 0);
    assert_int_equal(by_handle.ino, by_path.ino);
    assert_int_equal(by_path.mode, 0711);
    assert_int_equal(by_path.mtime_ns, 1500000001);
    assert_int_equal(fs_get_attr(world->root, "dir", value, sizeof(value), &len), 0);
    assert_int_equal(len, 5);
    assert_memory_equal(value, "props", 5);
    fs_dir_close(dir);
}

static void attributes_are_set_read_and_removed(void **state)
{
    struct world *world = *state;
    char value[16] = "untouched";
    size_t len = 99;

    support_fs_write(world->fs, "f", "content");
    assert_int_equal(fs_get_attr(world->root, "f", value, sizeof(value), &len), ENODATA);
    assert_int_equal(fs_set_attr(world->root, "f", NULL, 0), 0); /* removing none is no error */
    assert_int_equal(fs_set_attr(world->root, "f", "a\0b", 3), 0);
    assert_int_equal(fs_get_attr(world->root, "f", value, 2, &len), ERANGE);
    assert_int_equal(fs_get_attr(world->root, "f", value, 0, &len), ERANGE);
    assert_int_equal(len, 99);
    assert_int_equal(fs_get_attr(world->root, "f", value, sizeof(value), &len), 0);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "a\0b", 3);
    assert_int_equal(fs_set_attr(world->root, "f", "x", 1), 0);
    assert_int_equal(fs_get_attr(world->root, "f", value, 0, &len), ERANGE);
    assert_int_equal(fs_get_attr(world->root, "f", NULL, 0, &len), ERANGE);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "a\0b", 3);
    assert_int_equal(fs_set_attr(world->root, "f", NULL, 0), 0);
    assert_int_equal(fs_get_attr(world->root, "f", value, sizeof(value), &len), ENODATA);
    assert_int_equal(fs_get_attr(world->root, "none", value, sizeof(value), &len), ENOENT);
}

static void attributes_are_read_through_an_open_file_too(void **state)
{
    struct world *world = *state;
    struct fs_stat st;
    char value[8];
    size_t len = 99;
    int fd;

    support_fs_write(world->fs, "f", "content");
    make_symlink(world, "link", "f");
    assert_int_equal(fs_open(world->fs, "link", &fd, &st), 0);
    assert_int_equal(fs_get_attr_fd(world->fs, fd, value, sizeof(value), &len), ENODATA);
    assert_int_equal(fs_set_attr(world->root, "f", "props", 5), 0);
    assert_int_equal(fs_get_attr_fd(world->fs, fd, value, 4, &len), ERANGE);
    assert_int_equal(len, 99);
    assert_int_equal(fs_get_attr_fd(world->fs, fd, value, sizeof(value), &len), 0);
    assert_int_equal(len, 5);
    assert_memory_equal(value, "props", 5);
    close(fd);
}

static void meta_changes_only_what_is_set(void **state)
{
    struct world *world = *state;
    struct fs_meta meta = { .set = FS_SET_MTIME, .mode = 0600, .mtime_ns = -1 };
    struct fs_stat st;

    support_fs_write(world->fs, "f", "");
    assert_int_equal(fs_set_meta(world->root, "f", &meta), 0);
    assert_int_equal(fs_stat(world->fs, "f", &st), 0);
    assert_int_equal(st.mode, 0644);
    assert_int_equal(st.mtime_ns, -1); /* a moment before 1970 */
    meta = (struct fs_meta){ .set = FS_SET_MODE, .mode = 0600, .mtime_ns = 5 };
    assert_int_equal(fs_set_meta(world->root, "f", &meta), 0);
    assert_int_equal(fs_stat(world->fs, "f", &st), 0);
    assert_int_equal(st.mode, 0600);
    assert_int_equal(st.mtime_ns, -1);
}

static void an_open_file_takes_attributes_and_meta(void **state)
{
    struct world *world = *state;
    const struct fs_meta meta = { .set = FS_SET_MODE | FS_SET_MTIME, .mode = 0640, .mtime_ns = 123456789012 };
    struct fs_file *file;
    struct fs_stat st;

    assert_int_equal(fs_file_create(world->root, NULL, 0666, &file), 0);
    assert_int_equal(fs_file_write(file, "x", 1), 0);
    assert_int_equal(fs_file_set_attr(file, "props", 5), 0);
    assert_int_equal(fs_file_set_meta(file, &meta), 0);
    assert_int_equal(fs_file_link(file, world->root, "f"), 0);
    assert_int_equal(fs_file_close(file), 0);
    assert_list(world->fs, "f 640 x {props}\n");
    assert_int_equal(fs_stat(world->fs, "f", &st), 0);
    assert_int_equal(st.mtime_ns, 123456789012);
}

static void removing_wants_the_right_kind(void **state)
{
    struct world *world = *state;

    support_fs_mkdir(world->fs, "dir");
    support_fs_write(world->fs, "dir/f", "");
    make_symlink(world, "link", "dir/f");
    assert_int_equal(fs_unlink(world->root, "dir"), EISDIR);
    assert_int_equal(fs_rmdir(world->root, "dir"), ENOTEMPTY);
    assert_int_equal(fs_rmdir(world->root, "link"), ENOTDIR);
    assert_int_equal(fs_unlink(world->root, "none"), ENOENT);
    assert_int_equal(fs_rmdir(world->root, "none"), ENOENT);
    assert_int_equal(fs_unlink(world->root, "link"), 0);
    assert_list(world->fs, "dir/ 755\ndir/f 644 \n"); /* the link went, not what it led to */
}

static void rename_replaces_only_what_it_may(void **state)
{
    struct world *world = *state;
    struct fs *fs = world->fs;
    struct fs_dir *root = world->root;

    support_fs_write(fs, "a", "A");
    support_fs_write(fs, "b", "B");
    support_fs_mkdir(fs, "dir");
    support_fs_mkdir(fs, "full");
    support_fs_mkdir(fs, "full/member");
    assert_int_equal(fs_rename(root, "none", root, "b", FS_REPLACE), ENOENT);
    assert_int_equal(fs_rename(root, "a", root, "b", FS_NOREPLACE), EEXIST);
    assert_int_equal(fs_rename(root, "a", root, "dir", FS_REPLACE), EISDIR);
    assert_int_equal(fs_rename(root, "dir", root, "a", FS_REPLACE), ENOTDIR);
    assert_int_equal(fs_rename(root, "dir", root, "full", FS_REPLACE), ENOTEMPTY);
    assert_list(fs, "a 644 A\nb 644 B\ndir/ 755\nfull/ 755\nfull/member/ 755\n");
    assert_int_equal(fs_rename(root, "a", root, "b", FS_REPLACE), 0);
    assert_int_equal(fs_rename(root, "full", root, "dir", FS_REPLACE), 0);
    assert_int_equal(fs_rename(root, "b", root, "c", FS_NOREPLACE), 0);
    assert_list(fs, "c 644 A\ndir/ 755\ndir/member/ 755\n");
}

static void an_exchange_swaps_any_two(void **state)
{
    struct world *world = *state;
    struct fs *fs = world->fs;
    struct fs_dir *root = world->root, *dir;

    support_fs_write(fs, "a", "A");
    support_fs_mkdir(fs, "dir");
    support_fs_write(fs, "dir/f", "F");
    assert_int_equal(fs_rename(root, "a", root, "none", FS_EXCHANGE), ENOENT);
    assert_int_equal(fs_rename(root, "a", root, "dir", FS_EXCHANGE), 0);
    assert_list(fs, "a/ 755\na/f 644 F\ndir 644 A\n");
    assert_int_equal(fs_dir_open(fs, "a", &dir), 0);
    assert_int_equal(fs_rename(dir, "f", root, "a", FS_EXCHANGE), EINVAL); /* one within the other */
    fs_dir_close(dir);
}

static void a_directory_does_not_move_into_itself(void **state)
{
    struct world *world = *state;
    struct fs_dir *dir;

    support_fs_mkdir(world->fs, "dir");
    support_fs_mkdir(world->fs, "dir/sub");
    assert_int_equal(fs_dir_open(world->fs, "dir/sub", &dir), 0);
    assert_int_equal(fs_rename(world->root, "dir", dir, "dir", FS_REPLACE), EINVAL);
    assert_int_equal(fs_rename(world->root, "dir", dir, "dir", FS_NOREPLACE), EINVAL);
    fs_dir_close(dir);
    assert_list(world->fs, "dir/ 755\ndir/sub/ 755\n");
}

static void a_handle_stays_with_its_directory_when_that_moves(void **state)
{
    struct world *world = *state;
    struct fs_dir *dir;

    support_fs_mkdir(world->fs, "a");
    assert_int_equal(fs_dir_open(world->fs, "a", &dir), 0);
    assert_int_equal(fs_rename(world->root, "a", world->root, "b", FS_NOREPLACE), 0);
    assert_int_equal(fs_mkdir(dir, "sub", 0777), 0);
    assert_list(world->fs, "b/ 755\nb/sub/ 755\n");
    assert_int_equal(fs_rmdir(dir, "sub"), 0);
    assert_int_equal(fs_rmdir(world->root, "b"), 0);
    assert_int_equal(fs_mkdir(dir, "sub", 0777), ENOENT);
    fs_dir_close(dir);
}

static void names_may_be_255_bytes_of_anything(void **state)
{
    struct world *world = *state;
    char name[FS_NAME_MAX + 2];
    struct fs_stat st;

    memset(name, 'n', sizeof(name));
    memcpy(name, "\xff\xfe\x01 ?#%\n", 8);
    name[FS_NAME_MAX] = '\0';
    support_fs_write(world->fs, name, "content");
    assert_content(world->fs, name, "content");
    name[FS_NAME_MAX] = 'n';
    name[FS_NAME_MAX + 1] = '\0';
    assert_int_equal(fs_mkdir(world->root, name, 0777), ENAMETOOLONG);
    int err = fs_stat(world->fs, name, &st);
    assert_true(err == ENAMETOOLONG || err == ENOENT);
}

static void space_and_syncs_work(void **state)
{
    struct world *world = *state;
    uint64_t available = 0, used = 0;

    assert_int_equal(fs_space(world->fs, "", &available, &used), 0);
    assert_true(available > 0);
    assert_int_equal(fs_space(world->fs, "none", &available, &used), ENOENT);
    assert_int_equal(fs_dir_sync(world->root), 0);
    assert_int_equal(fs_tree_sync(world->root), 0);
}

#define ON_BOTH(test)                                                                                        \
    { #test " (posix)", test, set_up_posix, tear_down, NULL },                                               \
    {                                                                                                        \
#test " (mem)", test, set_up_mem, tear_down, NULL                                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_new_file_has_what_was_written_into_it),
        ON_BOTH(creating_over_a_name_is_refused),
        ON_BOTH(an_unnamed_file_is_seen_by_nobody_until_linked),
        ON_BOTH(an_unnamed_file_that_is_closed_is_gone),
        ON_BOTH(a_copy_appends_the_source_from_its_beginning),
        ON_BOTH(a_copy_that_is_to_stop_stops),
        ON_BOTH(only_files_are_opened),
        ON_BOTH(paths_follow_links_and_names_do_not),
        ON_BOTH(links_that_lead_nowhere_say_why),
        ON_BOTH(the_real_path_has_no_links_in_it),
        ON_BOTH(a_path_leads_somewhere_though_there_is_nothing),
        ON_BOTH(a_directory_lists_each_name_once),
        ON_BOTH(a_directory_tells_what_its_entries_are),
        ON_BOTH(another_handle_reads_on_where_one_was),
        ON_BOTH(from_a_directory_one_comes_to_what_holds_it),
        ON_BOTH(a_directory_that_is_kept_stays_open),
        ON_BOTH(every_change_shows_in_the_time_of_change),
        ON_BOTH(the_empty_name_is_the_directory_itself),
        ON_BOTH(attributes_are_set_read_and_removed),
        ON_BOTH(attributes_are_read_through_an_open_file_too),
        ON_BOTH(meta_changes_only_what_is_set),
        ON_BOTH(an_open_file_takes_attributes_and_meta),
        ON_BOTH(removing_wants_the_right_kind),
        ON_BOTH(rename_replaces_only_what_it_may),
        ON_BOTH(an_exchange_swaps_any_two),
        ON_BOTH(a_directory_does_not_move_into_itself),
        ON_BOTH(a_handle_stays_with_its_directory_when_that_moves),
        ON_BOTH(names_may_be_255_bytes_of_anything),
        ON_BOTH(space_and_syncs_work),
    };

    return cmocka_run_group_tests_name("fs_contract", tests, NULL, NULL);
}
