/*
 * A directory of a test's own, below $TMPDIR or /tmp.
 */
#ifndef HOLDFAST_TESTS_TEMPDIR_H
#define HOLDFAST_TESTS_TEMPDIR_H

#define TEMPDIR_SIZE 256

void tempdir_make(char out[TEMPDIR_SIZE]);

/* With all that is in it. */
void tempdir_remove(const char *dir);

#endif
