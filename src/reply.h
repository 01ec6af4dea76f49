/*
 * A dav_reply as libmicrohttpd sends it: from memory, from a file, or made while it is sent.
 */
#ifndef HOLDFAST_REPLY_H
#define HOLDFAST_REPLY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "src/browser.h"
#include "src/outflow.h"

struct reply_context {
    struct outflow_source source; /* of a body that is made while it is sent */
    enum active_content active;   /* what becomes of it */
    bool is_head;                 /* the answer to HEAD */
    bool closes;                  /* the connection ends with it */
    uint64_t *bytes;              /* out: of the body, counted while it goes */
    struct outflow **outflow;     /* out: likewise; left by the transaction in the end */
};

/* What the reply owns (a descriptor, a stream) goes to the response; its memory must live until the transaction
 * ends. NULL if there is no memory. */
struct MHD_Response *reply_response(struct dav_reply *reply, const struct reply_context *context);

#endif
