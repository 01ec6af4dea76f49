/*
 * To whom the server is open: who may enter without a name, and whether passwords may come unencrypted.
 *
 * A server that only its own machine reaches may be open to all; whatever else is open is so because the operator has
 * said it. Life: functions of the options. Threads: any.
 */
#ifndef HOLDFAST_OPENNESS_H
#define HOLDFAST_OPENNESS_H

#include <stdbool.h>

enum anonymous_mode {
    ANONYMOUS_UNSAID,
    ANONYMOUS_NONE,
    ANONYMOUS_READ,
    ANONYMOUS_WRITE,
};

struct options;

/* What holds: what was said, or follows from there being names. */
enum anonymous_mode openness_anonymous(const struct options *options);

/* NULL; or a line for the operator, where what was not said would have to be. */
const char *openness_conflict(const struct options *options);

/* Passwords may come over every listener: each is of this machine alone, or encrypted, or the operator takes it. */
bool openness_allows_passwords(const struct options *options);

/* Likewise, but they could be read on the way. */
bool openness_is_careless(const struct options *options);

#endif
