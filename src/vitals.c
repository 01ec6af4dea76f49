/*
 * proc_pid_stat(5): the second field is the program's name in parentheses, which may hold anything, so fields are counted
 * from the last parenthesis.
 */
#include "src/vitals.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int stat_fd = -1, files_fd = -1;
static struct timespec started, started_monotonic;

void vitals_open(void)
{
    clock_gettime(CLOCK_REALTIME, &started);
    clock_gettime(CLOCK_MONOTONIC, &started_monotonic);
    stat_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    files_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static double seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

static void read_stat(struct vitals *out)
{
    char text[1024];
    unsigned long user, system, size;
    long threads, pages;

    ssize_t n = pread(stat_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    const char *fields = strrchr(text, ')');
    /* From the third on: state, then 10 that do not matter here; utime, stime; 4; threads; 2; vsize, rss. */
    if (!fields ||
        sscanf(fields + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %ld %*d %*u %lu %ld",
               &user, &system, &threads, &size, &pages) != 5)
        return;
    out->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    out->threads = (double)threads;
    out->virtual_bytes = (double)size;
    out->resident_bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void vitals_read(struct vitals *out)
{
    struct timespec now;
    struct rlimit files;
    struct stat st;

    *out = (struct vitals){ .started_s = seconds(&started), .open_files = -1 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    out->uptime_s = seconds(&now) - seconds(&started_monotonic);
    read_stat(out);
    if (fstat(files_fd, &st) == 0 && st.st_size > 0)
        out->open_files = (double)st.st_size;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        out->max_files = (double)files.rlim_cur;
}
