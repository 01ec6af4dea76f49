/*
 * How a job looks to its owner, and its forms for programs: JSON (RFC 8259), ours and ownCloud's.
 *
 * A view is a snapshot that the caller fills in; it knows neither where the job lives nor what runs it.
 * Nothing is kept: its strings are the caller's and only read. Pure; any thread.
 *
 * Members that do not apply are left out, those whose value is not known are null. Texts may hold any
 * bytes: what is not UTF-8 becomes U+FFFD. Numbers over 2^63 - 1 are shown as that.
 *
 * Results are malloc'ed, terminated by a NUL that is not counted, and the caller's to free. Out of memory
 * ends the process: the caller bounds how long texts and lists are.
 */
#ifndef HOLDFAST_JOBVIEW_H
#define HOLDFAST_JOBVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_VIEW_TYPE "application/json"

enum job_view_state {
    JOB_VIEW_WAITING,
    JOB_VIEW_RUNNING,
    JOB_VIEW_SUCCEEDED,
    JOB_VIEW_FAILED,
    JOB_VIEW_CANCELLED,
};

struct job_view {
    const char *id, *method;
    const char *status_uri;           /* href of the job itself: path or absolute */
    const char *source, *destination; /* URL paths as hrefs; destination NULL if there is none */
    enum job_view_state state;
    uint64_t members_done, members_total; /* total 0 = not known */
    uint64_t bytes_done, bytes_total;
    int64_t started_ms; /* Unix time; 0 = not yet */
    int64_t elapsed_ms;
    unsigned retry_after; /* seconds; means nothing once it has ended */
    int status;           /* of the result; 0 while there is none */
    const char *message;  /* of the result; the following three may be NULL */
    const char *location; /* of what was made: href */
    const char *etag;     /* with its quotation marks */
};

/* "waiting", "running", "succeeded", "failed", "cancelled" */
const char *job_view_state_name(enum job_view_state state);

/* Neither waiting nor running. */
bool job_view_has_ended(const struct job_view *view);

/* {"id", "method", "source", "destination", "state", "status_uri", "members": {"done", "total"},
 * "bytes": {"done", "total"}, "started", "elapsed_seconds"}, and "try_again_in_seconds" until it has
 * ended, then "result": {"status", "reason", "location", "etag", "message"}. */
char *job_view_json(const struct job_view *view, size_t *out_size);

/* {"jobs": [...]} in the order given. */
char *job_view_list_json(const struct job_view *views, size_t count, size_t *out_size);

/* What ownCloud 10 answers at OC-JobStatus-Location: {"status": "init" | "started"}, {"status":
 * "finished", "ETag"} or {"status": "error", "errorCode", "errorMessage"}. Its fileId we do not have. */
char *job_view_owncloud(const struct job_view *view, size_t *out_size);

#endif
