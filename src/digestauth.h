/*
 * Digest, with SHA-256 and qop=auth (RFC 7616): the password does not go over the wire, and what does is good for one
 * request.
 *
 * libmicrohttpd has Digest too, but its nonces (0.9.75) are bound to one method and one path, so that a client of WebDAV
 * would be refused once for nearly every request, uploads included, and one request could be repeated by anybody within
 * the second in which its nonce was made. Ours are good for any request: time, random bytes and an HMAC with a key of
 * this process. A table says which counts of a nonce have been used; it is filled by those who know a password, and what
 * has no room in it is stale from then on, never good twice.
 *
 * Life: digestauth_open, digestauth_close. Threads: any in between; one mutex, a leaf. A claim's strings live in the
 * pool given. Times are of one clock, in milliseconds.
 */
#ifndef HOLDFAST_DIGESTAUTH_H
#define HOLDFAST_DIGESTAUTH_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

#define DIGESTAUTH_NONCE_MS (30 * 60 * 1000) /* then it is stale */
#define DIGESTAUTH_WINDOW   64               /* requests of one nonce that may overtake each other */
#define DIGESTAUTH_SLOTS    4096             /* nonces in use */
#define DIGESTAUTH_HEADER_MAX                                                                                \
    12288 /* longest Authorization value that is looked at; it has the target in it */
#define DIGESTAUTH_HASH_SIZE 32

struct digestauth;

/* ENOMEM; EIO: no random numbers. */
int digestauth_open(struct digestauth **out);
void digestauth_close(struct digestauth *digest);

/* The value of WWW-Authenticate. `is_stale`: the credentials were right, but for their nonce. */
const char *digestauth_challenge(struct digestauth *digest, bool is_stale, int64_t now_ms, apr_pool_t *pool);

struct digest_claim {
    const char *user, *nonce, *uri, *cnonce, *nc, *qop;
    unsigned char response[DIGESTAUTH_HASH_SIZE];
    uint32_t count;
};

/* "Digest username=..., ...". False if it makes no sense, or is for another realm, algorithm or qop. */
bool digestauth_parse(const char *header, apr_pool_t *pool, struct digest_claim *out);

/* Is the claim's nonce one with which this user has shown the password? */
bool digestauth_knows(struct digestauth *digest, const struct digest_claim *claim, int64_t now_ms);

enum digest_answer {
    DIGEST_RIGHT,
    DIGEST_STALE, /* right, but the nonce is too old, forgotten or not ours, or the count was used before */
    DIGEST_WRONG, /* a wrong password, or `secret` is NULL */
    DIGEST_ELSEWHERE, /* made for another target */
};

/* `secret` is the hash of name, realm and password (auth.h), NULL if there is no such user: that takes as long.
 * `method` and `target` as on the request line. */
enum digest_answer digestauth_check(struct digestauth *digest, const struct digest_claim *claim,
                                    const unsigned char *secret, const char *method, const char *target,
                                    int64_t now_ms);

#endif
