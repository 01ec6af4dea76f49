/*
 * Runs a fuzz target over files, or over all files of folders: what libFuzzer does with them, where there is none.
 *
 * The name of each goes to standard error before it runs, so that the last one is the culprit. It fails where
 * nothing was run.
 */
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define NAME_SIZE 4096

static unsigned long ran;

static void run_file(const char *name, size_t size)
{
    uint8_t *data = malloc(size ? size : 1); /* of the exact size, for the sanitizer */
    FILE *file = fopen(name, "rb");

    if (!file || !data || fread(data, 1, size, file) != size) {
        fprintf(stderr, "replay: cannot read %s\n", name);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    fprintf(stderr, "%s\n", name);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    ran++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void run(const char *name);

static void run_folder(const char *folder)
{
    struct dirent **entries;
    char name[NAME_SIZE];

    int count = scandir(folder, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        int len = snprintf(name, sizeof name, "%s/%s", folder, entries[i]->d_name);
        assert(len > 0 && (size_t)len < sizeof name);
        if (*entries[i]->d_name != '.')
            run(name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void run(const char *name)
{
    struct stat st;

    if (stat(name, &st) != 0) {
        fprintf(stderr, "replay: there is no %s\n", name);
        exit(EXIT_FAILURE);
    }
    if (S_ISDIR(st.st_mode))
        run_folder(name);
    else
        run_file(name, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    printf("%lu inputs\n", ran);
    return ran ? EXIT_SUCCESS : EXIT_FAILURE;
}
