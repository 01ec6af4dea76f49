/*
 * What a confined process can still do, tried by a child that is confined and makes a thread. Where the kernel has no
 * Landlock the files are skipped, and the forbidden calls are tried all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/confine.h"
#include "src/syscalls.h"
#include "tests/support/tempdir.h"

static char dir[TEMPDIR_SIZE];
static bool has_landlock;
static int tcp_socket; /* made while that was allowed */

static const char *in(const char *name)
{
    static char paths[8][TEMPDIR_SIZE + 32];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void put(const char *name)
{
    int fd = open(in(name), O_WRONLY | O_CREAT | O_EXCL, 0755);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    close(fd);
}

/* The errno of an open, 0 for success. */
static int opens(const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int result_of(long result)
{
    return result < 0 ? errno : 0;
}

#define EXPECT(what, wanted)                                                                                 \
    do {                                                                                                     \
        int got = (what);                                                                                    \
        if (got != (wanted)) {                                                                               \
            fprintf(stderr, "%s: %s, not %s\n", #what, strerror(got), strerror(wanted));                     \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

static intptr_t try_files(void)
{
    intptr_t failures = 0;

    EXPECT(opens(in("all/file"), O_RDWR), 0);
    EXPECT(opens(in("all/new"), O_RDWR | O_CREAT | O_EXCL), 0);
    EXPECT(result_of(mkdir(in("all/sub"), 0700)), 0);
    EXPECT(result_of(rename(in("all/new"), in("all/sub/moved"))), 0);
    EXPECT(result_of(symlink("x", in("all/link"))), 0);
    EXPECT(result_of(truncate(in("all/file"), 1)), 0);
    EXPECT(opens(in("all"), O_RDONLY | O_DIRECTORY), 0);
    EXPECT(opens(in("all"), O_WRONLY | O_TMPFILE), 0);

    EXPECT(opens(in("read/file"), O_RDONLY), 0);
    EXPECT(opens(in("read/file"), O_RDWR), EACCES);
    EXPECT(opens(in("read/new"), O_WRONLY | O_CREAT | O_EXCL), EACCES);
    EXPECT(opens(in("read"), O_RDONLY | O_DIRECTORY), EACCES);
    EXPECT(result_of(unlink(in("read/file"))), EACCES);

    EXPECT(opens(in("log/new"), O_WRONLY | O_CREAT | O_APPEND), 0);
    EXPECT(result_of(unlink(in("log/file"))), EACCES);

    EXPECT(opens(in("file"), O_RDONLY), EACCES);
    EXPECT(opens("/etc/passwd", O_RDONLY), EACCES);
    EXPECT(opens("/proc/self/environ", O_RDONLY), EACCES);
    EXPECT(result_of(rename(in("all/file"), in("file2"))), EACCES);
    EXPECT(result_of(link(in("file"), in("all/linked"))), EXDEV);
    EXPECT(result_of(mkdir(in("folder"), 0700)), EACCES);
    return failures;
}

static intptr_t try_calls(void)
{
    char *const arguments[] = { (char *)(uintptr_t) "true", NULL };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    intptr_t failures = 0;

    EXPECT(result_of(execv("/bin/true", arguments)), EPERM);
    EXPECT(result_of(execv(in("all/program"), arguments)), EPERM);
    EXPECT(result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL)), EPERM);
    EXPECT(result_of(kill(getppid(), 0)), EPERM);
    EXPECT(result_of(mount("none", "/", NULL, MS_REMOUNT, NULL)), EPERM);
    EXPECT(result_of(setresuid(0, 0, 0)), EPERM);
    EXPECT(result_of(syscall(SYS_unshare, 0)), EPERM);
    EXPECT(result_of(syscall(SYS_bpf, 0, NULL, 0)), EPERM);
    EXPECT(result_of(syscall(SYS_io_uring_setup, 0, NULL)), EPERM);
    EXPECT(result_of(socket(AF_INET, SOCK_DGRAM, 0)), EPERM);
    EXPECT(result_of(connect(tcp_socket, (struct sockaddr *)&address, sizeof address)), EPERM);
    EXPECT(result_of(bind(tcp_socket, (struct sockaddr *)&address, sizeof address)), EPERM);
    EXPECT(result_of(listen(tcp_socket, 1)), EPERM);
    EXPECT(result_of(raise(0)), 0);
    EXPECT(result_of(fgetxattr(tcp_socket, "user.none", NULL, 0)) == EPERM, false);
    return failures;
}

static void *try_all(void *unused)
{
    intptr_t failures = try_calls();
    (void)unused;
    if (has_landlock)
        failures += try_files();
    return (void *)failures;
}

static void child(void)
{
    struct confine c;
    pthread_t thread;
    void *failures = NULL;

    confine_begin(&c);
    confine_allow(&c, in("all"), CONFINE_ALL);
    confine_allow(&c, in("read"), CONFINE_READ);
    confine_allow(&c, in("log"), CONFINE_APPEND);
    confine_allow(&c, in("log/file"), CONFINE_ALL);
    confine_allow(&c, in("none"), CONFINE_ALL);
    confine_allow(&c, NULL, CONFINE_ALL);
    int error = confine_enforce(&c);
    if (error) {
        fprintf(stderr, "confine_enforce: %s\n", strerror(error));
        _exit(1);
    }
    if (pthread_create(&thread, NULL, try_all, NULL) != 0 || pthread_join(thread, &failures) != 0)
        _exit(1);
    _exit(failures != NULL);
}

/* Sanitizers do themselves what is forbidden here: what is built with them is not confined. */
static void skip_if_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip();
#endif
}

static int wait_for(pid_t pid)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void a_confined_process_reaches_what_it_was_allowed_and_nothing_else(void **state)
{
    struct confine c;
    (void)state;

    skip_if_sanitized();
    has_landlock = confine_begin(&c);
    if (has_landlock)
        close(c.ruleset);
    else
        print_message("no Landlock here: files are not tried\n");
    pid_t pid = fork();
    if (pid == 0)
        child();
    assert_int_equal(wait_for(pid), 0);
}

static void the_calls_are_forbidden_without_landlock_too(void **state)
{
    (void)state;
    skip_if_sanitized();
    pid_t pid = fork();
    if (pid == 0) {
        struct confine c = { .ruleset = -1 };
        _exit(confine_enforce(&c) != 0 || try_calls() != 0);
    }
    assert_int_equal(wait_for(pid), 0);
}

static int setup(void **state)
{
    (void)state;
    tcp_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(tcp_socket >= 0);
    tempdir_make(dir);
    mkdir(in("all"), 0700);
    mkdir(in("read"), 0700);
    mkdir(in("log"), 0700);
    put("file");
    put("all/file");
    put("all/program");
    put("read/file");
    put("log/file");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tempdir_remove(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_confined_process_reaches_what_it_was_allowed_and_nothing_else),
        cmocka_unit_test(the_calls_are_forbidden_without_landlock_too),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
