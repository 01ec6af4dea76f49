/*
 * One request and its answer on a connection: the states between them, and what is owned meanwhile.
 *
 *   HEAD ──► AUTH (rests until the password is verified) ──► BODY ──► WORK (rests until the job is
 *   done; wakes for each beat) ──► ANSWERED
 *
 * Life: made when libmicrohttpd has read the request line, freed when it says that the request is
 * completed, in whatever way. Threads: the connection's only, but for the two callbacks that wake it
 * (a job's end, an alarm), which touch nothing but its pause.
 *
 * Ownership: the dav_request belongs to the transaction until it is submitted as a job, then to the
 * job; a waiter keeps it alive until the answer is sent. A client that leaves does not stop its job.
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
