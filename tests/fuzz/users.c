/*
 * The users file and the header that is compared with it: any bytes may be in either.
 *
 * Lines: the value of Authorization, then the file. Passwords are never verified here: that takes long on purpose.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "src/auth.h"
#include "src/digestauth.h"
#include "tests/fuzz/fuzz.h"

/* The same file each time: it has a name for auth_open, and is in memory. */
static const char *write_file(const char *data, size_t size)
{
    static int fd = -1;
    static char name[32];

    if (fd < 0) {
        fd = memfd_create("users", MFD_CLOEXEC);
        assert(fd >= 0);
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    }
    assert(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct auth *auth;
    const char *message = NULL, *user = NULL;
    static const struct address from = { { 1 } };

    apr_pool_t *pool = fuzz_begin(data, size, &in);
    const char *header = fuzz_line(&in);
    struct digest_claim claim;
    if (digestauth_parse(header, pool, &claim))
        assert(claim.user && claim.nonce && claim.uri && claim.cnonce && strlen(claim.nc) == 8);
    if (auth_open(pool, write_file(in.at, in.left), true, &auth, &message) != 0) {
        assert(message && *message && !strchr(message, '\n'));
        return 0;
    }
    enum auth_answer answer = auth_recall(auth, header, &from, 1, pool, &user);
    assert(answer != AUTH_OK); /* nothing was verified, so nothing can be remembered */
    assert(auth_recall(auth, NULL, &from, 1, pool, &user) == AUTH_REFUSED);
    assert(!auth_has(auth, ""));
    auth_close(auth);
    return 0;
}
