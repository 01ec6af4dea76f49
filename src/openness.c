/*
 * Addresses are judged as they were written: what a name stands for may change, and differ from what was meant.
 */
#include "src/openness.h"

#include <string.h>

#include "src/activation.h"
#include "src/addresses.h"
#include "src/options.h"

/* "127.0.0.1:80", "[::1]:80" or "localhost:80", and no other name: who knows where that leads. */
static bool is_loopback(const char *listen)
{
    const char *colon = strrchr(listen, ':');
    struct address address;

    if (!colon)
        return false;
    size_t len = (size_t)(colon - listen);
    if (len == 9 && strncmp(listen, "localhost", 9) == 0)
        return true;
    return address_parse(listen, len, &address) && address_is_loopback(&address);
}

/* Where the sockets of a service manager lead was decided elsewhere. */
static bool is_loopback_only(const struct options *o)
{
    if (activation_count() > 0)
        return false;
    for (unsigned i = 0; i < o->listen_count; i++)
        if (!is_loopback(o->listen[i]))
            return false;
    return true;
}

static bool is_private(const struct options *o)
{
    return o->tls.cert || is_loopback_only(o);
}

/* Can anybody have a name? */
static bool has_names(const struct options *o)
{
    return o->users_file || o->tls.client_ca;
}

enum anonymous_mode openness_anonymous(const struct options *o)
{
    if (o->anonymous != ANONYMOUS_UNSAID)
        return o->anonymous;
    return has_names(o) ? ANONYMOUS_NONE : ANONYMOUS_WRITE;
}

const char *openness_conflict(const struct options *o)
{
    if (has_names(o))
        return NULL;
    if (o->anonymous == ANONYMOUS_NONE)
        return "--anonymous none leaves nobody who may enter: give --users FILE too";
    if (o->anonymous == ANONYMOUS_UNSAID && !is_loopback_only(o))
        return "without --users anybody on the network could do anything: give --users FILE, or say with "
               "--anonymous read (or write) that they may";
    return NULL;
}

bool openness_allows_passwords(const struct options *o)
{
    return is_private(o) || o->allow_plain_auth;
}

bool openness_is_careless(const struct options *o)
{
    return !is_private(o) && o->allow_plain_auth;
}
