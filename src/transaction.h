/*
 * One request and its answer on a connection: the states between them, and what is owned meanwhile.
 *
 *   HEAD ──► AUTH (rests until the password is verified) ──► BODY ──► WORK (rests until the operation has
 *   ended; beats go out meanwhile) ──► ANSWERED
 *
 * Life: made when libmicrohttpd has read the request line, freed when it says that the request is
 * completed, in whatever way. Threads: the connection's only, but for what wakes it (a job's end, its
 * pulse), which touches nothing but its pause.
 *
 * Ownership: the dav_request belongs to the transaction until it has become an operation (operation.h),
 * and stays with it where it joined another's; a waiter keeps the operation alive until the answer is
 * sent. A client that leaves does not stop its operation, unless the operator wants it so.
 */
#ifndef HOLDFAST_TRANSACTION_H
#define HOLDFAST_TRANSACTION_H

#include <microhttpd.h>

#include "src/server.h"

struct transaction;

struct transaction *transaction_new(struct server *server, struct MHD_Connection *connection,
                                    const char *target);

/* The access handler, called again and again until an answer was queued. */
enum MHD_Result transaction_proceed(struct transaction *t, const char *method, const char *version,
                                    const char *data, size_t *size);

void transaction_free(struct transaction *t, enum MHD_RequestTerminationCode how);

#endif
