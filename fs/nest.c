#include "fs/nest.h"

#include <errno.h>
#include <stddef.h>

void nest_open(struct nest *nest, struct fs_dir *dir)
{
    *nest = (struct nest){ .dir = dir };
}

void nest_park(struct nest *nest)
{
    struct fs_stat st;

    if (!nest->dir || fs_stat_at(nest->dir, "", &st) != 0)
        return;
    int64_t pos = fs_dir_tell(nest->dir);
    fs_dir_close(nest->dir);
    *nest = (struct nest){ .is_parked = true, .dev = st.dev, .ino = st.ino, .pos = pos };
}

/* Takes over `dir` if it is the one, else closes it. */
static int take(struct nest *nest, struct fs_dir *dir)
{
    struct fs_stat st;

    int err = fs_stat_at(dir, "", &st);
    if (!err && (st.ino != nest->ino || st.dev != nest->dev))
        err = ENOENT;
    if (!err && nest->pos)
        err = fs_dir_seek(dir, nest->pos);
    if (err) {
        fs_dir_close(dir);
        return err;
    }
    nest_open(nest, dir);
    return 0;
}

int nest_return(struct nest *nest, struct fs *fs, struct fs_dir *below, const char *path)
{
    struct fs_dir *dir;

    if (!nest->is_parked)
        return 0;
    int err = below ? fs_dir_up(below, &dir) : ENOENT;
    if (!err)
        err = take(nest, dir);
    if (!err || !path)
        return err;
    err = fs_dir_open(fs, path, &dir);
    return err ? err : take(nest, dir);
}

void nest_release(struct nest *nest)
{
    fs_dir_close(nest->dir);
    *nest = (struct nest){ 0 };
}
