/*
 * libmicrohttpd gives each session the credentials of its daemon, which cannot change. Before the handshake they are
 * exchanged for ours, which can: the way by its own callback for certificates leaves the authorities and the
 * priorities as they were at the start.
 */
#include "src/tls.h"

#include <apr_strings.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/log.h"
#include "src/tls_files.h"

/* Never changes once it is made. */
struct material {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
    bool asks; /* clients for a certificate */
    enum tls_user user;
    atomic_uint holders; /* `struct tls`, and connections */
};

struct tls {
    pthread_mutex_t mutex; /* guards `current` */
    struct material *current;
};

struct tls_peer {
    struct material *material;
    gnutls_session_t session;
    bool is_known; /* the user is */
    char user[TLS_NAME_MAX + 1];
};

static void release(struct material *m)
{
    if (!m || atomic_fetch_sub(&m->holders, 1) > 1)
        return;
    if (m->credentials)
        gnutls_certificate_free_credentials(m->credentials);
    if (m->priorities)
        gnutls_priority_deinit(m->priorities);
    free(m);
}

static int load(const struct tls_terms *terms, apr_pool_t *pool, struct material **out,
                const char **out_message)
{
    struct material *m = calloc(1, sizeof *m);
    if (!m)
        return ENOMEM;
    m->asks = terms->client_ca != NULL;
    m->user = terms->user;
    atomic_store(&m->holders, 1);

    int error = gnutls_certificate_allocate_credentials(&m->credentials) ? ENOMEM : 0;
    if (!error)
        error = tls_files_pair(m->credentials, terms->cert, terms->key, pool, out_message);
    if (!error && terms->client_ca)
        error = tls_files_authorities(m->credentials, terms->client_ca, pool, out_message);
    if (!error)
        error = tls_files_priorities(terms->priorities ? terms->priorities : TLS_PRIORITIES, &m->priorities,
                                     pool, out_message);
    if (error)
        release(m);
    else
        *out = m;
    return error;
}

int tls_reload(struct tls *tls, const struct tls_terms *terms, apr_pool_t *pool, const char **out_message)
{
    struct material *fresh, *old;

    *out_message = terms->cert ? "no memory for certificates" : "TLS cannot be left off without a restart";
    if (!terms->cert)
        return EINVAL;
    int error = load(terms, pool, &fresh, out_message);
    if (error)
        return error;
    pthread_mutex_lock(&tls->mutex);
    old = tls->current;
    tls->current = fresh;
    pthread_mutex_unlock(&tls->mutex);
    release(old);
    return 0;
}

int tls_open(const struct tls_terms *terms, apr_pool_t *pool, struct tls **out, const char **out_message)
{
    struct tls *tls = apr_pcalloc(pool, sizeof *tls);

    pthread_mutex_init(&tls->mutex, NULL);
    int error = tls_reload(tls, terms, pool, out_message);
    if (error)
        tls_close(tls);
    else
        *out = tls;
    return error;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    release(tls->current);
    pthread_mutex_destroy(&tls->mutex);
}

/* ---- connections ---- */

static struct material *hold(struct tls *tls)
{
    pthread_mutex_lock(&tls->mutex);
    struct material *m = tls->current;
    atomic_fetch_add(&m->holders, 1);
    pthread_mutex_unlock(&tls->mutex);
    return m;
}

/* Whoever speaks something else than HTTP must not be answered in HTTP (RFC 7301 3.2, the ALPACA attack). */
static void insist_on_http(gnutls_session_t session)
{
    static unsigned char newer[] = "http/1.1", older[] = "http/1.0";
    const gnutls_datum_t protocols[] = { { newer, sizeof newer - 1 }, { older, sizeof older - 1 } };

    gnutls_alpn_set_protocols(session, protocols, 2, GNUTLS_ALPN_MANDATORY);
}

struct tls_peer *tls_meet(struct tls *tls, gnutls_session_t session)
{
    struct tls_peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->session = session;
    struct material *m = peer->material = hold(tls);
    gnutls_priority_set(session, m->priorities);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, m->credentials);
    if (m->asks)
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    insist_on_http(session);
    return peer;
}

void tls_part(struct tls_peer *peer)
{
    if (!peer)
        return;
    release(peer->material);
    free(peer);
}

int tls_no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                       const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **out,
                       unsigned *out_count, gnutls_privkey_t *out_key)
{
    (void)session, (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    (void)out, (void)out_count, (void)out_key;
    return -1;
}

/* ---- clients' certificates ---- */

/* One that will do in a users file, a log line and a rule. */
static bool is_good_name(const char *name, size_t len)
{
    if (len == 0 || strnlen(name, len) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == ':')
            return false;
    return true;
}

/* The first rfc822Name of the alternative names (RFC 5280 4.2.1.6). */
static bool read_email(gnutls_x509_crt_t cert, char name[TLS_NAME_MAX + 1], size_t *len)
{
    int kind = 0;

    for (unsigned i = 0; kind >= 0; i++) {
        *len = TLS_NAME_MAX + 1;
        kind = gnutls_x509_crt_get_subject_alt_name(cert, i, name, len, NULL);
        if (kind == GNUTLS_SAN_RFC822NAME)
            return true;
        if (kind == GNUTLS_E_SHORT_MEMORY_BUFFER)
            kind = 0; /* another kind of name may be as long as it likes */
    }
    return false;
}

static bool read_name(struct tls_peer *peer, const gnutls_datum_t *der, char name[TLS_NAME_MAX + 1])
{
    gnutls_x509_crt_t cert;
    size_t len = TLS_NAME_MAX + 1;
    bool is_read = false;

    if (gnutls_x509_crt_init(&cert) != 0)
        return false;
    if (gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) == 0)
        is_read =
            peer->material->user == TLS_USER_CN
                ? gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) == 0
                : read_email(cert, name, &len);
    gnutls_x509_crt_deinit(cert);
    return is_read && len <= TLS_NAME_MAX && is_good_name(name, len);
}

/* By one of the authorities, in its time, and meant for clients. */
static bool is_verified(gnutls_session_t session)
{
    static char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st wanted = { .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)purpose };
    unsigned status = GNUTLS_CERT_INVALID;
    gnutls_datum_t words = { 0 };

    if (gnutls_certificate_verify_peers(session, &wanted, 1, &status) == 0 && status == 0)
        return true;
    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &words, 0) == 0)
        log_info("a client's certificate does not count: %s", (const char *)words.data);
    gnutls_free(words.data);
    return false;
}

const char *tls_peer_user(struct tls_peer *peer)
{
    unsigned count;

    if (!peer)
        return "";
    if (peer->is_known)
        return peer->user;
    peer->is_known = true;
    if (!peer->material->asks)
        return peer->user;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(peer->session, &count);
    if (!chain || count == 0 || !is_verified(peer->session))
        return peer->user;
    if (!read_name(peer, &chain[0], peer->user)) {
        peer->user[0] = '\0';
        log_info("a client's certificate does not count: it has no name that could be a user's");
    }
    return peer->user;
}
