/*
 * mkdtemp and its opposite; whatever fails ends the test.
 */
#include "tests/support/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

void tempdir_make(char out[TEMPDIR_SIZE])
{
    const char *base = getenv("TMPDIR");
    int len = snprintf(out, TEMPDIR_SIZE, "%s/holdfast-test-XXXXXX", base ? base : "/tmp");
    if (len >= TEMPDIR_SIZE || !mkdtemp(out))
        abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void tempdir_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
