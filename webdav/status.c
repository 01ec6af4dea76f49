/*
 * Three tables. The first is the only place where an errno becomes a status: what lies below speaks
 * errno, what lies above speaks HTTP, and a person reads the line in the last column.
 */
#include "webdav/status.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Choices that are not obvious:
 *   EEXIST        as subject: somebody else was quicker (a conflict that trying again resolves; MKCOL
 *                 knows that its 405 is meant); as destination: Overwrite: F (RFC 4918 9.8.5)
 *   EXDEV, ELOOP  a link that leads out of the folder is there, but not for clients; a circle of
 *                 links is RFC 5842's 508 where it is the thing asked for
 *   ENAMETOOLONG  414 is about the request's own URI; for another name it is a name that we refuse
 *   E2BIG, EMLINK the file system has no room for these properties, this many members
 *   EBUSY         409, not 423: there is no lock that a client could look for
 *   ENOTSUP       the file system under the folder cannot do it, whoever asks
 */
static const struct {
    int error;
    unsigned short subject, parent, dest;
    const char *text;
} map[] = {
    { ENOENT, 404, 409, 409, "there is nothing of that name" },
    { ENOTDIR, 404, 409, 409, "a part of the path is not a collection" },
    { EEXIST, 409, 409, 412, "there is already something of that name" },
    { EISDIR, 405, 409, 409, "it is a collection" },
    { ENOTEMPTY, 409, 409, 409, "the collection is not empty" },
    { EACCES, 403, 403, 403, "the server has no permission to do that" },
    { EPERM, 403, 403, 403, "the server is not allowed to do that" },
    { EROFS, 403, 403, 403, "the file system is read-only" },
    { EXDEV, 403, 403, 403, "it leads out of the served folder" },
    { ELOOP, 508, 403, 403, "it is, or goes through, a link that must not be followed or a circle of links" },
    { ENOTSUP, 403, 403, 403, "the file system cannot do that" },
    { EINVAL, 400, 400, 400, "the name or value is malformed" },
    { EILSEQ, 400, 400, 400, "the file system does not take this name" },
    { ENAMETOOLONG, 414, 403, 403, "the name or path is too long" },
    { EFBIG, 413, 413, 413, "it is larger than the server or its file system allows" },
    { ENOSPC, 507, 507, 507, "the disk is full" },
    { EDQUOT, 507, 507, 507, "the quota is used up" },
    { E2BIG, 507, 507, 507, "there is no room for so much" },
    { EMSGSIZE, 507, 507, 507, "the answer would be too large" },
    { ENOLCK, 507, 507, 507, "there are as many locks as the server keeps" },
    { EMLINK, 507, 507, 507, "the collection has as many members as it can have" },
    { EBUSY, 409, 409, 409, "it is in use by the system" },
    { ETXTBSY, 409, 409, 409, "it is a program that is running" },
    { ECANCELED, 503, 503, 503, "the operation was stopped" },
    { EMFILE, 503, 503, 503, "the server has too many files open" },
    { ENFILE, 503, 503, 503, "the system has too many files open" },
    { ENOMEM, 503, 503, 503, "the server is out of memory" },
    { EAGAIN, 503, 503, 503, "the server is too busy" },
    { ETIMEDOUT, 503, 503, 503, "the file system does not answer" },
    { ESTALE, 503, 503, 503, "the network file system lost track of it" },
    { EIO, 500, 500, 500, "the disk reports a read or write error" },
};

int status_from_errno(int error, enum status_role role)
{
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        if (map[i].error != error)
            continue;
        switch (role) {
        case ROLE_SUBJECT:
            return map[i].subject;
        case ROLE_PARENT:
            return map[i].parent;
        case ROLE_DEST:
            return map[i].dest;
        }
    }
    return 500;
}

const char *status_explain(int error)
{
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i].error == error)
            return map[i].text;
    return "something unexpected went wrong";
}

/* clang-format off */
#define STATUS(code, text) [code] = { text, "HTTP/1.1 " #code " " text }

/* The registered ones (RFC 9110 15 and 16.2, RFC 4918 11), by number. */
static const struct {
    const char *phrase, *line;
} statuses[] = {
    STATUS(100, "Continue"),
    STATUS(101, "Switching Protocols"),
    STATUS(102, "Processing"),
    STATUS(103, "Early Hints"),
    STATUS(200, "OK"),
    STATUS(201, "Created"),
    STATUS(202, "Accepted"),
    STATUS(203, "Non-Authoritative Information"),
    STATUS(204, "No Content"),
    STATUS(205, "Reset Content"),
    STATUS(206, "Partial Content"),
    STATUS(207, "Multi-Status"),
    STATUS(208, "Already Reported"),
    STATUS(226, "IM Used"),
    STATUS(300, "Multiple Choices"),
    STATUS(301, "Moved Permanently"),
    STATUS(302, "Found"),
    STATUS(303, "See Other"),
    STATUS(304, "Not Modified"),
    STATUS(305, "Use Proxy"),
    STATUS(307, "Temporary Redirect"),
    STATUS(308, "Permanent Redirect"),
    STATUS(400, "Bad Request"),
    STATUS(401, "Unauthorized"),
    STATUS(402, "Payment Required"),
    STATUS(403, "Forbidden"),
    STATUS(404, "Not Found"),
    STATUS(405, "Method Not Allowed"),
    STATUS(406, "Not Acceptable"),
    STATUS(407, "Proxy Authentication Required"),
    STATUS(408, "Request Timeout"),
    STATUS(409, "Conflict"),
    STATUS(410, "Gone"),
    STATUS(411, "Length Required"),
    STATUS(412, "Precondition Failed"),
    STATUS(413, "Content Too Large"),
    STATUS(414, "URI Too Long"),
    STATUS(415, "Unsupported Media Type"),
    STATUS(416, "Range Not Satisfiable"),
    STATUS(417, "Expectation Failed"),
    STATUS(421, "Misdirected Request"),
    STATUS(422, "Unprocessable Content"),
    STATUS(423, "Locked"),
    STATUS(424, "Failed Dependency"),
    STATUS(425, "Too Early"),
    STATUS(426, "Upgrade Required"),
    STATUS(428, "Precondition Required"),
    STATUS(429, "Too Many Requests"),
    STATUS(431, "Request Header Fields Too Large"),
    STATUS(451, "Unavailable For Legal Reasons"),
    STATUS(500, "Internal Server Error"),
    STATUS(501, "Not Implemented"),
    STATUS(502, "Bad Gateway"),
    STATUS(503, "Service Unavailable"),
    STATUS(504, "Gateway Timeout"),
    STATUS(505, "HTTP Version Not Supported"),
    STATUS(506, "Variant Also Negotiates"),
    STATUS(507, "Insufficient Storage"),
    STATUS(508, "Loop Detected"),
    STATUS(511, "Network Authentication Required"),
};
/* clang-format on */

static bool is_known(int status)
{
    if (status < 0 || (size_t)status >= sizeof statuses / sizeof *statuses)
        return false;
    return statuses[status].phrase != NULL;
}

const char *status_phrase(int status)
{
    return is_known(status) ? statuses[status].phrase : "Unknown";
}

const char *status_line(int status)
{
    assert(is_known(status)); /* they all come from our own code */
    return statuses[status].line;
}

static const char *const conditions[] = {
    [CONDITION_NONE] = NULL,
    [CONDITION_LOCK_TOKEN_MATCHES_REQUEST_URI] = "lock-token-matches-request-uri",
    [CONDITION_LOCK_TOKEN_SUBMITTED] = "lock-token-submitted",
    [CONDITION_NO_CONFLICTING_LOCK] = "no-conflicting-lock",
    [CONDITION_NO_EXTERNAL_ENTITIES] = "no-external-entities",
    [CONDITION_PRESERVED_LIVE_PROPERTIES] = "preserved-live-properties",
    [CONDITION_PROPFIND_FINITE_DEPTH] = "propfind-finite-depth",
    [CONDITION_CANNOT_MODIFY_PROTECTED_PROPERTY] = "cannot-modify-protected-property",
    [CONDITION_QUOTA_NOT_EXCEEDED] = "quota-not-exceeded",
    [CONDITION_SUFFICIENT_DISK_SPACE] = "sufficient-disk-space",
};

enum dav_condition condition_from_errno(int error)
{
    return error == ENOSPC   ? CONDITION_SUFFICIENT_DISK_SPACE
           : error == EDQUOT ? CONDITION_QUOTA_NOT_EXCEEDED
                             : CONDITION_NONE;
}

const char *condition_name(enum dav_condition condition)
{
    return conditions[condition];
}
