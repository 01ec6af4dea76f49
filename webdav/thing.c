/*
 * Nothing is what clients would call so: also a link that dangles, or leads out.
 */
#include "webdav/thing.h"

#include <errno.h>

int thing_at(struct fs *fs, const char *path, struct thing *out)
{
    struct fs_stat st;

    int err = fs_stat(fs, path, &st);
    if (!err)
        *out = thing_of(&st);
    else if (err == ENOENT || err == ENOTDIR || err == EXDEV || err == ELOOP)
        *out = (struct thing){ .ino = 0 };
    else
        return err;
    return 0;
}
