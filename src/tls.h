/*
 * TLS: certificates, who may be asked for one, and their exchange while connections are served.
 *
 * Everything that the files say is one set of GnuTLS credentials. A connection holds on to the set that was in force
 * when it came; a reload puts another in its place, and the old one goes with its last connection. So nobody is
 * interrupted, and every handshake that begins after a reload sees the new certificate.
 *
 * Life: tls_open, tls_reload as often as wanted, tls_close when no connection is left. A peer lives from tls_meet to
 * tls_part. Threads: open, reload and close from one thread; tls_meet from any; a peer belongs to the thread of its
 * connection. Errors: errno, and one line for the operator; an unsound file changes nothing. What is merely doubtful
 * (a certificate out of its time, a key that anybody may read) is a warning in the log.
 *
 * Source: RFC 8446, RFC 9325 (which versions and suites), RFC 7301 (ALPN), RFC 5280 (names in certificates).
 */
#ifndef HOLDFAST_TLS_H
#define HOLDFAST_TLS_H

#include <apr_pools.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#define TLS_FILE_MAX (1024 * 1024)
#define TLS_NAME_MAX 255 /* bytes of a user name in a client's certificate */

/* TLS 1.3 and 1.2, the latter with forward secrecy and authenticated encryption only. */
#define TLS_PRIORITIES                                                                                       \
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305" \
    ":-MAC-ALL:+AEAD:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1"              \
    ":+GROUP-SECP384R1"

enum tls_user { TLS_USER_CN, TLS_USER_EMAIL };

struct tls_terms {
    const char *cert, *key; /* PEM files; the chain may come in any order */
    const char
        *client_ca;     /* PEM file: clients are asked for a certificate by one of these; NULL: not asked */
    enum tls_user user; /* what of a client's certificate names the user */
    const char *priorities; /* in the syntax of GnuTLS; NULL: TLS_PRIORITIES */
};

struct tls;
struct tls_peer;

/* Common errors: ENOENT, EACCES, EINVAL (what the files hold makes no sense). */
int tls_open(const struct tls_terms *terms, apr_pool_t *pool, struct tls **out, const char **out_message);

/* Reads the files again. Connections that are there go on as they are. */
int tls_reload(struct tls *tls, const struct tls_terms *terms, apr_pool_t *pool, const char **out_message);

void tls_close(struct tls *tls);

/* The session has not begun its handshake. NULL: there is no memory, and the handshake will fail. */
struct tls_peer *tls_meet(struct tls *tls, gnutls_session_t session);

/* When the session is gone. */
void tls_part(struct tls_peer *peer);

/* Whom the client's certificate names, "" if it gave none or none that holds; NULL is nobody too. After the
 * handshake. */
const char *tls_peer_user(struct tls_peer *peer);

/* For MHD_OPTION_HTTPS_CERT_CALLBACK, which it wants where it is given no certificate: nobody has any but through
 * tls_meet. */
gnutls_certificate_retrieve_function2 tls_no_certificate;

#endif
