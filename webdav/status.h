/*
 * From errno to HTTP status, and the names of WebDAV conditions: the one place that knows both.
 */
#ifndef HOLDFAST_STATUS_H
#define HOLDFAST_STATUS_H

/* Where the error was met: what a missing thing means depends on it. */
enum status_role {
    ROLE_SUBJECT, /* the resource that the request names */
    ROLE_PARENT,  /* the collection in which it would be made */
    ROLE_DEST,    /* the Destination */
};

/* 500 for what the table does not know. */
int status_from_errno(int error, enum status_role role);

/* "Not Found"; "Unknown" if we have no phrase. */
const char *status_phrase(int status);

/* "HTTP/1.1 404 Not Found", for DAV:status elements; static. */
const char *status_line(int status);

/* One short line for a person: what went wrong ("the disk is full"). */
const char *status_explain(int error);

/* Preconditions and postconditions that we answer with (RFC 4918 16; RFC 4331 6). */
enum dav_condition {
    CONDITION_NONE,
    CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI,
    CONDITION_LOCK_TOKEN_SUBMITTED,
    CONDITION_NO_CONFLICTING_LOCK,
    CONDITION_NO_EXTERNAL_ENTITIES,
    CONDITION_PRESERVED_LIVE_PROPERTIES,
    CONDITION_PROPFIND_FINITE_DEPTH,
    CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY,
    CONDITION_QUOTA_NOT_EXCEEDED,
    CONDITION_SUFFICIENT_DISK_SPACE,
};

/* What says it better than the status alone; CONDITION_NONE: nothing does. */
enum dav_condition condition_from_errno(int error);

/* "lock-token-submitted"; NULL for CONDITION_NONE. */
const char *condition_name(enum dav_condition condition);

#endif
