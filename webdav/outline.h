/*
 * A response of a multistatus with its values left out: what the responses of most members have in common.
 *
 * Of a member without dead properties and locks nothing but a few values is its own, and its type decides
 * about the rest. So that rest is written once, by what writes all responses, with a note of where
 * the values belong (struct prop_holes); for each member the pieces between are then copied.
 *
 * Life: zeroed, filled by its maker, outline_release. Read by any thread once it is made. No errors: what does not
 * fit is an overflow of the buffer written to.
 */
#ifndef HOLDFAST_OUTLINE_H
#define HOLDFAST_OUTLINE_H

#include "webdav/props.h"

#define OUTLINE_MAX (32 * 1024) /* a longer one is not made */

struct outline {
    struct buffer text; /* from behind the href to the end of the response */
    struct prop_holes holes;
    bool is_made;
};

/* A whole response; `href` is percent-encoded. */
void outline_write(const struct outline *outline, const char *href, size_t href_len,
                   const struct prop_subject *subject, struct buffer *out);

void outline_release(struct outline *outline);

#endif
